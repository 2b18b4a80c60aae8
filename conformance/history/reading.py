"""Reads texts, reports and messages from CHT's documents and RapidPro's rows, whosever they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import UTC, datetime
from typing import Any

from conformance.history.model import Message, OutgoingText, StoredReport

SHORT_CODE = re.compile(r"[1-9][0-9]{2,5}")
WAITING = frozenset({"pending", "forwarded-to-gateway"})


def reports_in(docs: Iterable[Mapping[str, Any]]) -> Iterator[StoredReport]:
    """The reports that came as texts."""
    for doc in docs:
        sms = doc.get("sms_message")
        if isinstance(sms, Mapping) and doc.get("from") is not None:
            yield StoredReport(_sender(str(doc["from"])), str(sms.get("message", "")), str(sms.get("gateway_ref", "")))


def _sender(phone: str) -> str:
    """The sender of a report. CHT's documented flow leaves the scheme of its URN before a short code."""
    code = phone.removeprefix("tel:")
    return code if SHORT_CODE.fullmatch(code) else phone


def texts_of(docs: Iterable[Mapping[str, Any]], numbers: Set[str]) -> Iterator[OutgoingText]:
    """What CHT has, or had, to send to these numbers."""
    for task, message in _messages(docs):
        if message.get("to") in numbers:
            yield _outgoing_text(task, message)


def recipients(docs: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """(number, text) of whatever CHT has, or had, to send to anybody."""
    for _, message in _messages(docs):
        yield str(message.get("to")), stripped(message.get("message", ""))


def _messages(docs: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for doc in docs:
        for task in (*(doc.get("tasks") or ()), *(doc.get("scheduled_tasks") or ())):
            for message in task.get("messages") or ():
                yield task, message


def _outgoing_text(task: Mapping[str, Any], message: Mapping[str, Any]) -> OutgoingText:
    states = tuple((str(entry["state"]), moment(entry["timestamp"])) for entry in task.get("state_history", ()))
    since = next((at for state, at in states if state in WAITING), None)
    details = task.get("state_details")
    return OutgoingText(
        uuid=str(message.get("uuid", "")),
        number=str(message["to"]),
        text=stripped(message.get("message", "")),
        state=str(task.get("state", "")),
        since=since,
        states=states,
        details=str(details.get("reason", details) if isinstance(details, Mapping) else details or ""),
    )


def message_of(row: Mapping[str, Any]) -> Message:
    """A message as RapidPro's control API shows it."""
    return Message(row["id"], row["number"], stripped(row["text"]), row["status"], moment(row["created_on"]))


def stripped(text: Any) -> str:
    """An outgoing text without blanks at its ends: RapidPro strips them from broadcasts, but not from flows."""
    return str(text).strip()


def moment(text: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)
