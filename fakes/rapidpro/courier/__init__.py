"""Courier: channel, queue, aggregators, delivery reports, and phones."""
