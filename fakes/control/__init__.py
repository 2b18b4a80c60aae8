"""The control API, on a port of its own on loopback: clock, faults, ledger, reset, metrics.

The part of each service lives with the service: `fakes.rapidpro.control`, `fakes.cht.control`.
"""
