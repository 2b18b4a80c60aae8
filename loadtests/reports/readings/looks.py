"""What was looked at while the run lasted, at the moments of a report: queues inside RapidPro, processors, memory."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from loadtests.reports.model import Series
from loadtests.reports.readings.bins import Bins
from loadtests.results import Watched

Measure = Callable[[Watched], float]
LONGEST = 2.0
"""Seconds after which a look says nothing any more about the present; in a long part of a run, the part's length."""


def series_of(looks: Sequence[Watched], bins: Bins, began: datetime, key: str, label: str, measure: Measure) -> Series:
    """The last look at or before each moment; None where there was none shortly before."""
    moments = [(one.at - began).total_seconds() for one in looks]
    values: list[float | None] = []
    for at in bins.moments:
        place = bisect.bisect_right(moments, at) - 1
        fresh = place >= 0 and at - moments[place] <= max(LONGEST, bins.width)
        values.append(measure(looks[place]) if fresh else None)
    return Series(key, label, tuple(values))


def processors(looks: Sequence[Watched], bins: Bins, began: datetime) -> tuple[Series, ...]:
    """How busy each process was, in per cent of a core; the machine in per cent of all cores."""
    return _by_process(looks, bins, began, "cpu", 100, lambda look: look.cpu)


def memory(looks: Sequence[Watched], bins: Bins, began: datetime) -> tuple[Series, ...]:
    """The resident memory of each process in megabytes."""
    return _by_process(looks, bins, began, "memory", 1, lambda look: look.memory_mb)


def _by_process(
    looks: Sequence[Watched], bins: Bins, began: datetime, key: str, factor: float,
    values: Callable[[Watched], Mapping[str, float]],
) -> tuple[Series, ...]:  # fmt: skip
    names = list(dict.fromkeys(name for look in looks for name in values(look)))

    def measure(name: str) -> Measure:
        return lambda look: round(factor * values(look).get(name, 0.0), 1)

    return tuple(
        series_of(looks, bins, began, f"{key}_{name.replace(' ', '_')}", name, measure(name)) for name in names
    )
