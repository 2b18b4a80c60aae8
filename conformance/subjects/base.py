"""What a world needs of a subject, and what a subject is told of its world."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from conformance.services.neighbours import Neighbours
from conformance.services.requests import BROADCASTS


class Means(StrEnum):
    """What a subject can be put through. What it cannot is unknown, not passed."""

    VIRTUAL_TIME = "virtual time"
    RESTART = "killing and restarting"
    CHT_OUTSIDE = "a CHT of its own"
    """The subject talks to CHT over the network; CHT itself being the relay does not."""
    STATES = "telling states"


class CrashPoint(StrEnum):
    """Where a subject is killed: after which call has had its effect, before the subject learns of it."""

    TEXT_HANDED_OUT = "CHT handed a text out"
    BROADCAST_ACCEPTED = "RapidPro accepted a text"
    STATES_ASKED = "RapidPro told it a state"
    STATES_TOLD = "CHT was told a state"
    REPORT_STORED = "CHT stored a report"
    TEXT_TAKEN = "it took a text over from RapidPro"


ENVIRONMENT: Mapping[str, str] = MappingProxyType(
    {
        "RELAY_LISTEN": "host and port to listen on, from `--subject-url`",
        "RELAY_CHT_URL": "where CHT is",
        "RELAY_CHT_USER": "user of CHT's gateway API",
        "RELAY_CHT_PASSWORD": "that user's password",
        "RELAY_RAPIDPRO_URL": "where RapidPro is",
        "RELAY_RAPIDPRO_TOKEN": "token for RapidPro's API v2",
        "RELAY_INCOMING_TOKEN": "what RapidPro presents when it hands a text over",
        "RELAY_DATABASE": "SQLAlchemy URL of a file that outlives kills and restarts",
        "RELAY_POLL_SECONDS": "how often to ask CHT for texts",
        "RELAY_SETTLE_SECONDS": "how long a broadcast may stay invisible after its answer was lost: 2",
    }
)
"""The environment of a relay that the harness starts, for people."""


class AsRelay:
    """What holds for every subject that sends broadcasts and takes texts to CHT over CHT's gateway API."""

    sending = BROADCASTS
    """The path of RapidPro's API by which it has a text sent."""
    left_aside: frozenset[str] = frozenset()
    """Checks that are not made after every scenario: what this subject never does. Scenarios that ask for it fail."""

    def meets(self, fault: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fault in the form in which it meets this subject. Untestable for a fault that cannot meet it."""
        return fault

    def check_alive(self) -> None:
        """In this process, nothing ends by itself."""


class Subject(Protocol):
    """One thing that is judged. Made once per run or per scenario; `start` before use, `stop` after."""

    name: str

    @property
    def means(self) -> frozenset[Means]:
        """What it can be put through."""
        ...

    @property
    def sending(self) -> str:
        """The path of RapidPro's API by which it has a text sent."""
        ...

    @property
    def left_aside(self) -> frozenset[str]:
        """Checks that are not made after every scenario: what this subject never does."""
        ...

    def meets(self, fault: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fault in the form in which it meets this subject. Untestable for a fault that cannot meet it."""
        ...

    def describe(self) -> dict[str, Any]:
        """What report.json says of it, without secrets."""
        ...

    def start(self, neighbours: Neighbours) -> None:
        """Begin to work between these neighbours. HarnessBroken if it does not start."""
        ...

    def webhook_url(self) -> str:
        """Where RapidPro hands texts over."""
        ...

    def webhook_token(self) -> str:
        """What RapidPro must present there."""
        ...

    def stop(self) -> None:
        """End it, in good order."""
        ...

    def kill(self) -> None:
        """End it without warning; what it has on disk stays. Untestable if it cannot be."""
        ...

    def restart(self) -> None:
        """Start it again on what it has on disk."""
        ...

    def next_due(self) -> datetime | None:
        """In virtual time: when it wants to be called next. None: never, or it runs by itself."""
        ...

    def work(self) -> None:
        """In virtual time: do what is due now."""
        ...

    def check_alive(self) -> None:
        """SubjectFailed if it ended by itself: then nothing more can come of it."""
        ...


@runtime_checkable
class Mortal(Protocol):
    """A subject in this process, which can be killed at a named moment to the call."""

    @property
    def crash_points(self) -> frozenset[CrashPoint]:
        """The moments that it comes to."""
        ...

    def crash_at(self, point: CrashPoint, down: float | None = None) -> None:
        """Be killed the next time `point` is reached; started again `down` seconds later (None: by `restart` only)."""
        ...

    def running(self) -> bool:
        """Whether it is alive."""
        ...

    def restart(self) -> None:
        """Start it again on what it has on disk."""
        ...
