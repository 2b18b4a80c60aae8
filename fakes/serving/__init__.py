"""How services are reached: WSGI helpers, hosting on sockets, processes, transports without sockets, TCP resets.

Knows no service and no fault. What crosses the wire is written down in `fakes.ledger`.
"""
