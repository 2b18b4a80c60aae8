"""Deliberately broken relays: the reference relay with one defect each, to see the suite catch it."""
