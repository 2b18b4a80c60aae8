"""Figures of a history: how many calls a text needs, how long a text takes."""

from __future__ import annotations

from collections import Counter, deque
from datetime import UTC, datetime

from conformance.history.model import Call, History, OutgoingText
from conformance.history.others import by_others

LATEST = datetime.max.replace(tzinfo=UTC)


def calls_to(history: History, service: str) -> list[Call]:
    """What the relay asked this service, in order of time."""
    calls = (call for call in history.calls if call.service == service and call.direction == "in")
    return sorted((call for call in calls if not by_others(call)), key=lambda call: (call.at, call.seq))


def calls_per_text(history: History, service: str = "rapidpro") -> float:
    """Requests to a service per outgoing text; all requests if there was no outgoing text."""
    return len(calls_to(history, service)) / max(1, len(history.outgoing_texts))


def calls_by_kind(history: History, service: str) -> str:
    """How many requests of each kind the relay made, the most frequent first: `9 POST /api/v2/broadcasts.json, ...`."""
    kinds = Counter(f"{call.method} {call.path}" for call in calls_to(history, service))
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())


def most_calls_within(history: History, service: str, seconds: float) -> int:
    """The most requests to a service in any period of this length."""
    moments = [call.at.timestamp() for call in calls_to(history, service)]
    first = most = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] > seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def on_phones(history: History) -> list[tuple[OutgoingText, datetime | None]]:
    """Each outgoing text with when it was on its phone, or None. Equal texts are matched in order of time."""
    arrived: dict[tuple[str, str], deque[datetime]] = {}
    for arrival in sorted(history.arrivals, key=lambda one: one.at):
        arrived.setdefault((arrival.number, arrival.text), deque()).append(arrival.at)
    due = sorted(history.outgoing_texts, key=lambda one: one.since or LATEST)
    found = ((text, arrived.get((text.number, text.text))) for text in due)
    return [(text, times.popleft() if times and text.since else None) for text, times in found]


def seconds_to_phone(history: History) -> list[float]:
    """Seconds from pending in CHT to the phone, for each text that arrived. Equal texts are matched in order."""
    pairs = ((text.since, at) for text, at in on_phones(history))
    return [(at - since).total_seconds() for since, at in pairs if since is not None and at is not None]
