"""How services are reached: WSGI helpers, hosting on sockets, processes, transports without sockets, TCP resets.

Independent of services and faults. `fakes.ledger` records what crosses the wire.
"""
