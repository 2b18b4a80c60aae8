"""The control API, on a port of its own on loopback: clock, faults, ledger, reset, metrics.

What a service adds to it lives with the service: `fakes.rapidpro.control`, `fakes.cht.control`.
"""
