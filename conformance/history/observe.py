"""Collects a history from the state of the services and the ledger: what is judged, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime
from typing import Any

from conformance.history.model import Arrival, Call, History, IncomingText, Message, OutgoingText, StoredReport
from conformance.services.control_client import ControlClient

RELAY = "relay"
"""The name of the relay's token in RapidPro; those of its former ones begin with it."""
WAITING = frozenset({"pending", "forwarded-to-gateway"})


class Exchanges:
    """The exchanges of the ledger numbered above `after`. The ledger only grows, so only new ones are fetched."""

    def __init__(self, control: ControlClient, after: int) -> None:
        self._control = control
        self._last = after
        self._calls: list[Call] = []

    def all(self) -> Sequence[Call]:
        """All exchanges so far."""
        new = self._control.exchanges(self._last)
        if new:
            self._calls += [Call.from_json(exchange) for exchange in new]
            self._last = new[-1]["seq"]
        return self._calls


def observe(
    control: ControlClient,
    documents: Iterable[Mapping[str, Any]],
    numbers: Set[str],
    incoming_texts: Sequence[IncomingText],
    calls: Sequence[Call],
) -> History:
    """The history of the people with these `numbers`; `calls` are the exchanges that belong to it."""
    docs = list(documents)
    rows = [row for row in control.get("/rapidpro/messages")["messages"] if row["number"] in numbers]
    sent = [row for row in rows if row["direction"] == "out"]
    return History(
        incoming_texts=tuple(incoming_texts),
        reports=tuple(_reports(docs, numbers)),
        outgoing_texts=tuple(_outgoing_texts(docs, numbers)),
        arrivals=tuple(_arrivals(control, numbers)),
        messages=tuple(_message(row) for row in sent if _by_relay(row)),
        calls=tuple(calls),
        flow_replies=tuple((row["number"], _stripped(row["text"])) for row in rows if row["origin"] == "flow"),
        others=frozenset(row["id"] for row in sent if not _by_relay(row)),
        refs=frozenset(_refs(docs)),
    )


def _by_relay(row: Mapping[str, Any]) -> bool:
    """Whether the relay had this message sent: with its own token, or a former one of it."""
    return row["origin"] != "flow" and str(row["sent_by"] or "").startswith(RELAY)


def _refs(docs: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for doc in docs:
        sms = doc.get("sms_message")
        if isinstance(sms, Mapping) and sms.get("gateway_ref"):
            yield str(sms["gateway_ref"])


def _reports(docs: Iterable[Mapping[str, Any]], numbers: Set[str]) -> Iterator[StoredReport]:
    for doc in docs:
        sms = doc.get("sms_message")
        if isinstance(sms, Mapping) and doc.get("from") in numbers:
            yield StoredReport(str(doc["from"]), str(sms.get("message", "")), str(sms.get("gateway_ref", "")))


def _outgoing_texts(docs: Iterable[Mapping[str, Any]], numbers: Set[str]) -> Iterator[OutgoingText]:
    for doc in docs:
        for task in (*doc.get("tasks", ()), *doc.get("scheduled_tasks", ())):
            for message in task.get("messages", ()):
                if message.get("to") in numbers:
                    yield _outgoing_text(doc, task, message)


def _outgoing_text(doc: Mapping[str, Any], task: Mapping[str, Any], message: Mapping[str, Any]) -> OutgoingText:
    states = tuple((str(entry["state"]), _moment(entry["timestamp"])) for entry in task.get("state_history", ()))
    since = next((at for state, at in states if state in WAITING), None)
    details = task.get("state_details")
    return OutgoingText(
        uuid=str(message.get("uuid", "")),
        number=str(message["to"]),
        text=_stripped(message.get("message", "")),
        state=str(task.get("state", "")),
        since=since,
        states=states,
        details=str(details.get("reason", details) if isinstance(details, Mapping) else details or ""),
        order=_order(doc, task),
    )


def _order(doc: Mapping[str, Any], task: Mapping[str, Any]) -> datetime | None:
    """The date by which CHT orders the texts that it hands out (cht-core `api/src/services/messaging.js`)."""
    date = task.get("due") or task.get("timestamp") or doc.get("reported_date")
    if isinstance(date, (int, float)):
        return datetime.fromtimestamp(date / 1000, UTC)
    try:
        return _moment(date) if isinstance(date, str) else None
    except ValueError:
        return None


def _arrivals(control: ControlClient, numbers: Set[str]) -> Iterator[Arrival]:
    phones = control.get("/rapidpro/phones", texts="yes")["texts"]
    for number in sorted(numbers & phones.keys()):
        for text in phones[number]:
            if text["direction"] == "received":
                yield Arrival(number, _stripped(text["text"]), _moment(text["at"]), text.get("message_id"))


def _message(row: Mapping[str, Any]) -> Message:
    return Message(row["id"], row["number"], _stripped(row["text"]), row["status"], _moment(row["created_on"]))


def _stripped(text: Any) -> str:
    """An outgoing text without blanks at its ends: RapidPro strips them from broadcasts, but not from flows."""
    return str(text).strip()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
