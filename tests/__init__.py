"""Tests of the harness itself: units, recorded traffic, architecture, broken relays, README."""
