"""The interface of the two services around a subject: in this process in virtual time, or as processes in real time.

Both are controlled through the same API, so that a world does not depend on the difference.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import requests

from conformance.services.control_client import ControlClient
from conformance.services.neighbours import Neighbours
from fakes.clock import VirtualClock


class Services(Protocol):
    """The services, and how to reach them."""

    session: requests.Session
    control: ControlClient
    cht_url: str
    cht_admin: tuple[str, str]
    neighbours: Neighbours
    others_write: bool
    """Whether somebody else may write to this CHT while a scenario runs: to a live one, not to a fake."""

    def now(self) -> datetime:
        """The services' current time."""
        ...

    def virtual_clock(self) -> VirtualClock:
        """The clock to advance. HarnessBroken where time is real."""
        ...

    def restore_defaults(self) -> None:
        """Restore what every scenario begins with: a fast channel, and a CHT that sends at every hour."""
        ...

    def close(self) -> None:
        """Stop the services."""
        ...
