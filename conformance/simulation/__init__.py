"""Simulation: generated schedules of texts, faults, crashes and clock jumps, in one process on virtual time."""
