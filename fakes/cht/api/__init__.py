"""CHT's HTTP API: routes, access, gateways, settings, credentials, and the database behind it as callers see it.

What is stored lives in `couch`; what a text becomes, in `reports` and `transitions`.
"""
