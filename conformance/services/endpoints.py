"""The requests of a relay to its neighbours, in the form of the `match` of a fault."""

from __future__ import annotations

BROADCASTS = "/api/v2/broadcasts.json"
SEND = {"method": "POST", "path": BROADCASTS}
LOOK_UP = {"method": "GET", "path": "/api/v2/messages.json"}
READ = {"method": "GET", "path": "/api/v2/*"}
GATEWAY = {"method": "POST", "path": "/api/sms"}
