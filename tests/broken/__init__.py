"""Deliberately broken relays: the reference relay with one defect each, to check that the suite catches it."""
