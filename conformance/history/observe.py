"""Gathers a history from the services' states and the ledger: what is judged, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime
from typing import Any

from conformance.history.model import Arrival, Call, Due, History, Sent, Stored, TextIn
from conformance.services.control_client import Control

WAITED = frozenset({"pending", "forwarded-to-gateway"})


class Exchanges:
    """The ledger's exchanges numbered above `after`; only new ones are fetched, since the ledger only grows."""

    def __init__(self, control: Control, after: int) -> None:
        self._control = control
        self._last = after
        self._calls: list[Call] = []

    def all(self) -> Sequence[Call]:
        """Those so far."""
        new = self._control.exchanges(self._last)
        if new:
            self._calls += [Call.from_json(exchange) for exchange in new]
            self._last = new[-1]["seq"]
        return self._calls


def observe(
    control: Control,
    documents: Iterable[Mapping[str, Any]],
    numbers: Set[str],
    texts_in: Sequence[TextIn],
    calls: Sequence[Call],
) -> History:
    """The history of the people with these `numbers`; `calls` are the exchanges that belong to it."""
    docs = list(documents)
    messages = [row for row in control.get("/rapidpro/messages")["messages"] if row["number"] in numbers]
    return History(
        texts_in=tuple(texts_in),
        stored=tuple(_stored(docs, numbers)),
        due=tuple(_due(docs, numbers)),
        arrivals=tuple(_arrivals(control, numbers)),
        sent=tuple(_sent(row) for row in messages if row["direction"] == "out" and row["origin"] != "flow"),
        calls=tuple(calls),
        replies=tuple((row["number"], _words(row["text"])) for row in messages if row["origin"] == "flow"),
    )


def _stored(docs: Iterable[Mapping[str, Any]], numbers: Set[str]) -> Iterator[Stored]:
    for doc in docs:
        sms = doc.get("sms_message")
        if isinstance(sms, Mapping) and doc.get("from") in numbers:
            yield Stored(str(doc["from"]), str(sms.get("message", "")), str(sms.get("gateway_ref", "")))


def _due(docs: Iterable[Mapping[str, Any]], numbers: Set[str]) -> Iterator[Due]:
    for doc in docs:
        for task in (*doc.get("tasks", ()), *doc.get("scheduled_tasks", ())):
            for message in task.get("messages", ()):
                if message.get("to") in numbers:
                    yield _one_due(task, message)


def _one_due(task: Mapping[str, Any], message: Mapping[str, Any]) -> Due:
    states = tuple((str(entry["state"]), _moment(entry["timestamp"])) for entry in task.get("state_history", ()))
    since = next((at for state, at in states if state in WAITED), None)
    details = task.get("state_details")
    return Due(
        uuid=str(message.get("uuid", "")),
        number=str(message["to"]),
        text=_words(message.get("message", "")),
        state=str(task.get("state", "")),
        since=since,
        states=states,
        details=str(details.get("reason", details) if isinstance(details, Mapping) else details or ""),
    )


def _arrivals(control: Control, numbers: Set[str]) -> Iterator[Arrival]:
    phones = control.get("/rapidpro/phones", texts="yes")["texts"]
    for number in sorted(numbers & phones.keys()):
        for text in phones[number]:
            if text["direction"] == "received":
                yield Arrival(number, _words(text["text"]), _moment(text["at"]), text.get("message_id"))


def _sent(row: Mapping[str, Any]) -> Sent:
    return Sent(row["id"], row["number"], _words(row["text"]), row["status"], _moment(row["created_on"]))


def _words(text: Any) -> str:
    """A text on its way out without blanks at its ends: RapidPro cuts them off broadcasts, and leaves them in flows."""
    return str(text).strip()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
