"""How long texts waited, how many waited at a moment, and for how long the oldest of them had."""

from __future__ import annotations

import bisect
import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qsl

from conformance.checks.figures import on_phones
from conformance.checks.outgoing import NOT_SENT
from conformance.history.model import GATEWAY_PATH, Call, History, IncomingText, Outcome, OutgoingText
from conformance.history.others import calls_to_cht, entries, parsed, words_of

OVER = NOT_SENT | {"failed"}
"""States of texts that nobody waits for any more, although they are on no phone."""


class Wait(NamedTuple):
    """A text that waited, from and to in seconds after the beginning of the run. `ends` is None if it waits still.

    `given_up`: it ended because CHT does not send the text any more.
    """

    begins: float
    ends: float | None
    given_up: bool = False


def outgoing_waits(history: History, began: datetime) -> list[Wait]:
    """Each text that was due in CHT, until it was on its phone, or CHT had given it up."""
    found = []
    for text, arrived in on_phones(history):
        if text.since is not None:
            until = arrived or _given_up(text)
            found.append(_wait(text.since, until, began, given_up=arrived is None and until is not None))
    return found


def incoming_waits(history: History, began: datetime) -> list[Wait]:
    """Each text that the subject accepted, until CHT had it. It waits from when the person sent it."""
    arrival = _Entrance(history)
    return [_wait(text.at, arrival.of(text), began) for text in history.incoming_texts if text.outcome is Outcome.OK]


def _wait(since: datetime, until: datetime | None, began: datetime, *, given_up: bool = False) -> Wait:
    begins = (since - began).total_seconds()
    return Wait(begins, None if until is None else max(begins, (until - began).total_seconds()), given_up)


def _given_up(text: OutgoingText) -> datetime | None:
    if text.state not in OVER:
        return None
    return next((at for state, at in reversed(text.states) if state == text.state), text.since)


class _Entrance:
    """When CHT got each text from the subject: from the first request of the subject that had it and that CHT took.

    Where no request had a text that CHT has, CHT itself is the relay, and had it at once.
    """

    def __init__(self, history: History) -> None:
        self._reports = {(report.number, report.text) for report in history.reports}
        self._refs = {report.ref for report in history.reports if report.ref}
        self._first: dict[str, datetime] = {}
        for call in sorted(calls_to_cht(history), key=lambda one: (one.at, one.seq)):
            if call.acted and (call.status is None or call.status < 300 or call.fault is not None):
                for key in _keys(call):
                    self._first.setdefault(key, call.at)

    def of(self, text: IncomingText) -> datetime | None:
        """When CHT got it; None if it has not."""
        if text.id not in self._refs and (text.number, text.text) not in self._reports:
            return None
        return self._first.get(text.id) or self._first.get(text.text) or text.at


def _keys(call: Call) -> Iterator[str]:
    """The ids or the words of texts in a request to CHT."""
    if call.path == GATEWAY_PATH:
        for row in entries(call.body, "messages"):
            yield str(row.get("id"))
            yield str(row.get("content"))
    elif (body := parsed(call.body)) is not None:
        yield from words_of(body)
    else:
        yield from (value for _, value in parse_qsl(call.body))


def depths(waits: Sequence[Wait], moments: Sequence[float]) -> tuple[int, ...]:
    """How many texts waited at each moment."""
    begins = sorted(one.begins for one in waits)
    ends = sorted(one.ends for one in waits if one.ends is not None)
    return tuple(bisect.bisect_right(begins, at) - bisect.bisect_right(ends, at) for at in moments)


def oldest(waits: Sequence[Wait], moments: Sequence[float]) -> tuple[float, ...]:
    """For how long the text had waited that had waited longest, at each moment in order; 0 if none did."""
    coming = sorted(waits, key=lambda one: one.begins)
    waiting: list[tuple[float, float]] = []
    found, place = [], 0
    for at in moments:
        while place < len(coming) and coming[place].begins <= at:
            one = coming[place]
            heapq.heappush(waiting, (one.begins, float("inf") if one.ends is None else one.ends))
            place += 1
        while waiting and waiting[0][1] <= at:
            heapq.heappop(waiting)
        found.append(round(at - waiting[0][0], 3) if waiting else 0.0)
    return tuple(found)


def most_waiting(waits: Sequence[Wait]) -> tuple[int, float | None]:
    """The most texts that waited at the same time, and since when they did; 0 and None without any."""
    changes = [(one.begins, 1) for one in waits] + [(one.ends, -1) for one in waits if one.ends is not None]
    now, most, since = 0, 0, None
    for at, change in sorted(changes, key=lambda one: (one[0], one[1])):
        now += change
        if now > most:
            most, since = now, at
    return most, since


def longest_wait(waits: Sequence[Wait], end: float) -> float | None:
    """The longest that a text waited, or waits at the `end` still; None without texts. It was the oldest then."""
    return max(((end if one.ends is None else one.ends) - one.begins for one in waits), default=None)
