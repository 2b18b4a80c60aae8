"""What happened in a world, as plain data that the checks judge: texts, reports, messages, arrivals, calls.

Built from the state of both services and the ledger (`conformance/history/observe.py`), or written by hand in tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

GATEWAY_PATH = "/api/sms"
"""The path of CHT's gateway API, which only a relay calls."""


class Outcome(StrEnum):
    """What the caller knows about the effect of its call: done, not done, or unknown."""

    OK = "ok"
    REFUSED = "refused"
    UNKNOWN = "unknown"

    @classmethod
    def of_status(cls, status: int) -> Outcome:
        """The outcome for the status of the relay's answer; 0 stands for no answer."""
        if status == 0:
            return cls.UNKNOWN
        return cls.OK if 200 <= status < 300 else cls.REFUSED


@dataclass(frozen=True, slots=True)
class IncomingText:
    """A text that a person sent, and the outcome of its delivery to the relay."""

    id: str
    number: str
    text: str
    outcome: Outcome
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report in CHT."""

    number: str
    text: str
    ref: str


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """A text that CHT has to send: one message of a task, with the task's current state and its state history.

    `states` are all states of the task with their times, oldest first. `since` is when it was first pending (None:
    never). `details` is the reason for the state as CHT stored it.
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
    """A text that a phone received. `message` is the id of RapidPro's message, or None."""

    number: str
    text: str
    at: datetime
    message: int | str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """An outgoing message in RapidPro with its current status."""

    id: int | str
    number: str
    text: str
    status: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Call:
    """One exchange of the ledger, as far as the checks need it. `at` is in the service's time."""

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
    reply_body: str = ""
    """Of calls that a service made itself: what the relay answered."""
    fault: str | None = None
    acted: bool = True
    unexpected: str | None = None

    @property
    def by_relay(self) -> bool:
        """Whether a relay made this call, not the harness or a service."""
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
            reply_body="" if reply is None or exchange["direction"] == "in" else reply["body"],
            fault=exchange["fault"],
            acted=exchange["acted"],
            unexpected=exchange["unexpected"],
        )


@dataclass(frozen=True, slots=True)
class Strangers:
    """What happened to numbers that are nobody's in this scenario, since it began."""

    reports: tuple[StoredReport, ...] = ()
    messages: tuple[Message, ...] = ()
    due: frozenset[tuple[str, str]] = frozenset()
    """(number, text) of what CHT itself has to send to them."""
    others_write: bool = False
    """Whether somebody else may write to this CHT, so that not every new report is the subject's deed."""


@dataclass(frozen=True, slots=True)
class History:
    """Everything that is judged together."""

    incoming_texts: tuple[IncomingText, ...] = ()
    reports: tuple[StoredReport, ...] = ()
    outgoing_texts: tuple[OutgoingText, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    messages: tuple[Message, ...] = ()
    calls: tuple[Call, ...] = ()
    flow_replies: tuple[tuple[str, str], ...] = ()
    """(number, text) of the texts that RapidPro's own flow sent: CHT did not send them, and need not have."""
    strangers: Strangers = Strangers()
    output: tuple[str, ...] = ()
    """Lines that the subject printed and that had a secret in them, which is hidden."""
