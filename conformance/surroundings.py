"""The two services around a subject: in this process on a virtual clock, or as processes on real time.

Both are driven through the same control API, so the world above does not know the difference.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import requests

from conformance.control import Control
from conformance.subjects.base import Neighbours
from fakes.clock import VirtualClock

RAPIDPRO_TOKEN = "RAPIDPRO-TEST-TOKEN-0000000000000000000000"
INCOMING_TOKEN = "relay-incoming-token"
CHT_ADMIN = ("admin", "pass")
CHT_GATEWAY = ("gateway", "gateway-pass")
QUICK = {"delays": {"wired": 0.02, "sent": 0.05, "delivered": 0.1, "retries": [0.3, 0.6]}}
"""Channel settings for real time: a text takes a fraction of a second to its phone."""


class Surroundings(Protocol):
    """The services, and how they are reached."""

    session: requests.Session
    control: Control
    cht_url: str
    cht_admin: tuple[str, str]
    neighbours: Neighbours

    def now(self) -> datetime:
        """The services' time."""
        ...

    def virtual_clock(self) -> VirtualClock:
        """The clock to advance. HarnessBroken where time is real."""
        ...

    def calm_channel(self) -> None:
        """Put the channel back to how every scenario begins."""
        ...

    def close(self) -> None:
        """End the services."""
        ...


def neighbours(cht_url: str, rapidpro_url: str) -> Neighbours:
    """What a subject is told of the built-in seeds of both services."""
    return Neighbours(cht_url, *CHT_GATEWAY, rapidpro_url, RAPIDPRO_TOKEN, INCOMING_TOKEN)


def plain_session() -> requests.Session:
    """A session that takes no proxies or credentials from the environment."""
    session = requests.Session()
    session.trust_env = False
    return session
