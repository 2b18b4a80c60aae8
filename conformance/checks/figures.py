"""Figures of a history: how many calls a text needs, how long a text takes."""

from __future__ import annotations

from conformance.history.model import History


def calls_per_text(history: History) -> float:
    """Requests to RapidPro per outgoing text; all requests if there was no outgoing text."""
    calls = sum(call.service == "rapidpro" and call.direction == "in" for call in history.calls)
    return calls / max(1, len(history.outgoing_texts))


def seconds_to_phone(history: History) -> list[float]:
    """Seconds from pending in CHT to the phone, for each text that arrived. Equal texts are matched in order."""
    waiting: dict[tuple[str, str], list[float]] = {}
    due = (((text.number, text.text), text.since) for text in history.outgoing_texts if text.since is not None)
    for key, since in sorted(due):
        waiting.setdefault(key, []).append(since.timestamp())
    seconds = []
    for arrival in sorted(history.arrivals, key=lambda one: one.at):
        times = waiting.get((arrival.number, arrival.text))
        if times:
            seconds.append(arrival.at.timestamp() - times.pop(0))
    return seconds
