"""Divides a run into equal parts, at most so many whatever its length: a report has a bounded size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_BINS = 120
DAY = 86_400
WIDTHS = (
    0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0,
    21_600.0, 43_200.0,
)  # fmt: skip
"""Seconds. Longer runs have parts of whole days."""


@dataclass(frozen=True, slots=True)
class Bins:
    """`count` parts, each of `width` seconds. A part has its end, but not its beginning; the first has both."""

    width: float
    count: int

    @classmethod
    def of(cls, seconds: float) -> Bins:
        """The parts of a run that lasts so long."""
        days = math.ceil(seconds / DAY / MOST_BINS)
        width = next((one for one in WIDTHS if seconds / one <= MOST_BINS), float(days * DAY))
        return cls(width, max(1, math.ceil(round(seconds / width, 6))))

    @property
    def moments(self) -> tuple[float, ...]:
        """The ends of all parts."""
        return tuple(round(self.width * number, 3) for number in range(1, self.count + 1))

    def index(self, moment: float) -> int:
        """The part that a moment is in. What is before the first or after the last belongs to these."""
        return min(self.count - 1, max(0, math.ceil(round(moment / self.width, 6)) - 1))

    def rates(self, moments: Iterable[float]) -> tuple[float, ...]:
        """How many of the moments are in each part, for each second."""
        counted = [0] * self.count
        for moment in moments:
            counted[self.index(moment)] += 1
        return tuple(round(count / self.width, 3) for count in counted)

    def grouped(self, pairs: Iterable[tuple[float, float]]) -> Sequence[list[float]]:
        """The values of (moment, value) in each part."""
        groups: list[list[float]] = [[] for _ in range(self.count)]
        for moment, value in pairs:
            groups[self.index(moment)].append(value)
        return groups
