"""The built-in seed of the fake RapidPro."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def default_seed(now: datetime) -> Mapping[str, Any]:
    """One workspace in Rwanda with one channel and one token, whose key is no secret."""
    born = now.isoformat().replace("+00:00", "Z")
    return {
        "workspaces": [
            {
                "id": 1, "uuid": "000000a0-0000-4000-8000-000000000001", "name": "Clinic", "timezone": "Africa/Kigali",
                "default_country": "RW", "languages": ["eng"],
            }
        ],
        "users": [{"email": "admin@clinic.example", "name": "Ada Admin", "roles": {"1": "administrator"}}],
        "tokens": {
            "relay": {
                "key": "RAPIDPRO-TEST-TOKEN-0000000000000000000000", "workspace": 1, "user": "admin@clinic.example",
            }
        },
        "channels": [
            {
                "uuid": "000000c4-0000-4000-8000-000000000001", "workspace": 1, "name": "Relay SMS",
                "address": "+250788120000", "country": "RW", "type": "external HTTP", "schemes": ["tel"],
                "created_on": born, "last_seen": born,
            }
        ],
    }  # fmt: skip
