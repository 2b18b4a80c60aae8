"""CHT's HTTP API: routes, access, gateways, settings, credentials, and the database behind it as callers see it.

`couch` stores documents; `reports` and `transitions` process incoming texts.
"""
