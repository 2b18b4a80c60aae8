"""The two services around a subject: in this process on a virtual clock, or as processes on real time.

Both are driven through the same control API, so the world above does not know the difference.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import requests

from conformance.services.control_client import ControlClient
from conformance.services.neighbours import Neighbours
from fakes.clock import VirtualClock


class Services(Protocol):
    """The services, and how they are reached."""

    session: requests.Session
    control: ControlClient
    cht_url: str
    cht_admin: tuple[str, str]
    neighbours: Neighbours

    def now(self) -> datetime:
        """The services' time."""
        ...

    def virtual_clock(self) -> VirtualClock:
        """The clock to advance. HarnessBroken where time is real."""
        ...

    def restore_defaults(self) -> None:
        """Put back what every scenario begins with: a quick channel, and a CHT that sends at every hour."""
        ...

    def close(self) -> None:
        """End the services."""
        ...
