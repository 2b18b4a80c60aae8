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
    for text in sorted(history.outgoing_texts, key=lambda one: (one.since is None, one.since)):
        if text.since is not None:
            waiting.setdefault((text.number, text.text), []).append(text.since.timestamp())
    seconds = []
    for arrival in sorted(history.arrivals, key=lambda one: one.at):
        since = waiting.get((arrival.number, arrival.text))
        if since:
            seconds.append(arrival.at.timestamp() - since.pop(0))
    return seconds
