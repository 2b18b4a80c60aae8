"""Reads texts, reports and messages from CHT's documents and RapidPro's rows, whosever they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from conformance.history.model import Message, OutgoingText, StoredReport

WAITING = frozenset({"pending", "forwarded-to-gateway"})


def reports_in(docs: Iterable[Mapping[str, Any]]) -> Iterator[StoredReport]:
    """The reports that came as texts."""
    for doc in docs:
        sms = doc.get("sms_message")
        if isinstance(sms, Mapping) and doc.get("from") is not None:
            yield StoredReport(str(doc["from"]), str(sms.get("message", "")), str(sms.get("gateway_ref", "")))


def texts_of(docs: Iterable[Mapping[str, Any]]) -> Iterator[OutgoingText]:
    """What CHT has, or had, to send to phones."""
    for doc in docs:
        for task in (*(doc.get("tasks") or ()), *(doc.get("scheduled_tasks") or ())):
            for message in task.get("messages") or ():
                if message.get("to") is not None:
                    yield _outgoing_text(task, message)


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
