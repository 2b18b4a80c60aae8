"""What happened in a world, as plain data that the checks judge: texts in, reports, texts due, arrivals, calls.

Built from the two services' states and the ledger (`conformance/history/observe.py`), or written by hand in tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

GATEWAY_PATH = "/api/sms"
"""Of CHT's gateway API: what only a relay calls."""


class Outcome(StrEnum):
    """What the caller knows of a call: it was done, it was not done, or nobody can tell."""

    OK = "ok"
    REFUSED = "refused"
    UNKNOWN = "unknown"

    @classmethod
    def of_status(cls, status: int) -> Outcome:
        """Of the status that the relay answered with; 0 stands for no answer."""
        if status == 0:
            return cls.UNKNOWN
        return cls.OK if 200 <= status < 300 else cls.REFUSED


@dataclass(frozen=True, slots=True)
class TextIn:
    """A text that a person sent, and what the relay told RapidPro about it."""

    id: str
    number: str
    text: str
    outcome: Outcome
    at: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """A report that CHT holds."""

    number: str
    text: str
    ref: str


@dataclass(frozen=True, slots=True)
class Due:
    """A text that CHT wants to reach a phone: one message of a task, with the task's present state and history.

    `states` are all states the task went through, oldest first, with their times. `since` is when it was first
    pending (None: never). `details` is the reason that CHT was given for the state.
    """

    uuid: str
    number: str
    text: str
    state: str
    since: datetime | None = None
    states: tuple[tuple[str, datetime], ...] = ()
    details: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A text that a phone received."""

    number: str
    text: str
    at: datetime
    message: int | str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message in RapidPro on its way to a phone; `status` is RapidPro's word for it now."""

    id: int | str
    number: str
    text: str
    status: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Call:
    """One exchange of the ledger, as far as the checks need it. Times are the service's."""

    seq: int
    at: datetime
    service: str
    direction: str
    method: str
    path: str
    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    reply_headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    query: str = ""
    fault: str | None = None
    acted: bool = True
    unexpected: str | None = None

    @property
    def of_relay(self) -> bool:
        """Whether it is one that a relay makes, not the harness or a service."""
        return self.direction == "in" and (self.service == "rapidpro" or self.path == GATEWAY_PATH)

    @classmethod
    def from_json(cls, exchange: Mapping[str, Any]) -> Call:
        """One entry of `GET /ledger`."""
        reply = exchange["reply"]
        return cls(
            seq=exchange["seq"],
            at=datetime.fromisoformat(exchange["at"]),
            service=exchange["service"],
            direction=exchange["direction"],
            method=exchange["method"],
            path=exchange["path"],
            status=None if reply is None else reply["status"],
            headers=exchange["request"]["headers"],
            reply_headers={} if reply is None else reply["headers"],
            body=exchange["request"]["body"],
            query=exchange["query"],
            fault=exchange["fault"],
            acted=exchange["acted"],
            unexpected=exchange["unexpected"],
        )


@dataclass(frozen=True, slots=True)
class History:
    """Everything that is judged together."""

    texts_in: tuple[TextIn, ...] = ()
    stored: tuple[Stored, ...] = ()
    due: tuple[Due, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    sent: tuple[Sent, ...] = ()
    calls: tuple[Call, ...] = ()
    replies: tuple[tuple[str, str], ...] = ()
    """Texts that RapidPro's own flow sent to phones (number, text): they come from nowhere rightly."""
