"""The interface between a world and its subject, and the environment that a subject gets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from conformance.services.endpoints import BROADCASTS
from conformance.services.neighbours import Neighbours
from fakes.clock import Clock


class Capability(StrEnum):
    """What a scenario may need of a subject. Without it the verdict is unknown, not passed."""

    VIRTUAL_TIME = "virtual time"
    RESTART = "killing and restarting"
    CHT_OUTSIDE = "a separate CHT"
    """The subject talks to CHT over the network; CHT as its own relay does not."""
    STATES = "reporting states"


class CrashPoint(StrEnum):
    """Where a subject is killed: when a call has had its effect, before the subject learns of it.

    The names appear in saved schedules, the values in scenarios.
    """

    TEXT_HANDED_OUT = "CHT handed out a text"
    BROADCAST_ACCEPTED = "RapidPro accepted a text"
    STATES_ASKED = "RapidPro returned a status"
    STATES_TOLD = "CHT received a state"
    REPORT_STORED = "CHT stored a report"
    TEXT_TAKEN = "it accepted a text from RapidPro"


ENVIRONMENT: Mapping[str, str] = MappingProxyType(
    {
        "RELAY_LISTEN": "host and port to listen on, from `--subject-url`",
        "RELAY_CHT_URL": "URL of CHT",
        "RELAY_CHT_USER": "user of CHT's gateway API",
        "RELAY_CHT_PASSWORD": "that user's password",
        "RELAY_RAPIDPRO_URL": "URL of RapidPro",
        "RELAY_RAPIDPRO_TOKEN": "token for RapidPro's API v2",
        "RELAY_INCOMING_TOKEN": "token that RapidPro presents when it delivers a text",
        "RELAY_DATABASE": "SQLAlchemy URL of a file that outlives kills and restarts",
        "RELAY_POLL_SECONDS": "seconds between two polls of CHT",
        "RELAY_SETTLE_SECONDS": "how long a broadcast may stay invisible after its answer was lost: 2",
    }
)
"""The environment of a relay that the harness starts, with descriptions for the documents."""


class GatewayRelay:
    """Base of every subject that sends broadcasts and passes texts to CHT over CHT's gateway API."""

    send_path = BROADCASTS
    """The path of RapidPro's API by which it has a text sent."""
    skipped_checks: frozenset[str] = frozenset()
    """Checks that are not made after every scenario: what this subject never does. Scenarios that ask for it fail."""

    def adapt_fault(self, fault: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fault, adapted to this subject. Untestable if the fault cannot affect it."""
        return fault

    def check_alive(self) -> None:
        """In this process nothing ends by itself."""


class Subject(Protocol):
    """What is judged. Made once per run or per scenario; call `start` before use, `stop` after."""

    name: str

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can be put through."""
        ...

    @property
    def send_path(self) -> str:
        """The path of RapidPro's API by which it has a text sent."""
        ...

    @property
    def skipped_checks(self) -> frozenset[str]:
        """Checks that are not made after every scenario: what this subject never does."""
        ...

    def adapt_fault(self, fault: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fault, adapted to this subject. Untestable if the fault cannot affect it."""
        ...

    def describe(self) -> dict[str, Any]:
        """What report.json says about it, without secrets."""
        ...

    def start(self, neighbours: Neighbours) -> None:
        """Start to work between these neighbours. HarnessBroken if it does not start."""
        ...

    def webhook_url(self) -> str:
        """The URL to which RapidPro delivers texts."""
        ...

    def webhook_token(self) -> str:
        """The token that RapidPro must present there."""
        ...

    def stop(self) -> None:
        """Stop it in an orderly way."""
        ...

    def kill(self) -> None:
        """End it without warning; what it has on disk stays. Untestable if it cannot be killed."""
        ...

    def restart(self) -> None:
        """Start it again on what it has on disk."""
        ...

    def next_due(self) -> datetime | None:
        """In virtual time: when `work` is due next. None: never, or it runs by itself."""
        ...

    def work(self) -> None:
        """In virtual time: do what is due now."""
        ...

    def check_alive(self) -> None:
        """SubjectFailed if it ended by itself."""
        ...


@runtime_checkable
class Printing(Protocol):
    """A subject whose output the harness keeps."""

    def printed(self) -> str:
        """What it has printed since this was last asked; whole lines only."""
        ...


class PlannedCrashes:
    """Base of a subject in this process that plans its own crashes; it defines `kill` and `restart`."""

    _clock: Clock
    _crash: CrashPoint | None = None
    """Where the planned crash happens."""
    _down: float | None = None
    """Seconds after which it is restarted."""

    def crash_at(self, point: CrashPoint, down: float | None = None) -> None:
        """Be killed the next time `point` is reached, and restarted `down` seconds later (None: only by `restart`)."""
        self._crash, self._down = point, down

    def cancel_crash(self) -> None:
        """Forget a planned crash that has not happened."""
        self._crash = None

    def kill(self) -> None:
        """End it without warning."""
        raise NotImplementedError

    def restart(self) -> None:
        """Start it again."""
        raise NotImplementedError

    def _die(self) -> None:
        """Let the planned crash happen."""
        down, self._crash, self._down = self._down, None, None
        self.kill()
        if down is not None:
            self._clock.call_later(down, self.restart)


@runtime_checkable
class Killable(Protocol):
    """A subject in this process, which can be killed exactly at a named moment."""

    @property
    def crash_points(self) -> frozenset[CrashPoint]:
        """The moments that it reaches."""
        ...

    def crash_at(self, point: CrashPoint, down: float | None = None) -> None:
        """Be killed the next time `point` is reached, and restarted `down` seconds later (None: only by `restart`)."""
        ...

    def running(self) -> bool:
        """Whether it is alive."""
        ...

    def restart(self) -> None:
        """Start it again on what it has on disk."""
        ...


@runtime_checkable
class Freezable(Protocol):
    """A subject in this process that can sleep with its machine."""

    def freeze(self, seconds: float) -> None:
        """Begin nothing for `seconds`."""
        ...
