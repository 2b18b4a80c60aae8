"""What is planned, as plain data: texts, quota, channel, outages; and the times of day in which people say it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MINUTE, HOUR, DAY = 60, 3600, 86_400
SERVICES = ("rapidpro", "cht")
TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")

Span = tuple[float, float]
"""From and to, in seconds after the texts became due."""


class BadQuestion(ValueError):
    """Something in the question cannot be read. The message is a sentence with what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A service that answers nobody, from and to in seconds after the texts became due."""

    service: str
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Question:
    """How many texts are due at `start` (seconds after midnight), and under which circumstances.

    `quota` is in requests an hour for each scope of RapidPro's API; None: what this version of RapidPro allows. `by` is
    in seconds after the start, or None. `tps` is how many texts the channel sends a second.
    """

    texts: int
    quota: int | None = None
    start: int = 7 * HOUR
    by: int | None = None
    outages: tuple[Outage, ...] = ()
    tps: int = 10
    poll_seconds: float = 60
    profile: str = "26"
    seed: int = 1

    def last_outage_ends(self) -> float:
        """When the last outage is over; 0 without any."""
        return max((one.ends for one in self.outages), default=0)


def time_of_day(text: str) -> int:
    """`07:00` in seconds after midnight. Raises BadQuestion."""
    found = TIME.fullmatch(text.strip())
    if found is None:
        raise BadQuestion(f"expected a time of day such as 07:00, got {text!r}")
    return int(found[1]) * HOUR + int(found[2]) * MINUTE


def seconds_until(time: int, start: int) -> int:
    """Seconds from `start` until it is `time`, both in seconds after midnight: on the next day, if it is not later."""
    return (time - start) % DAY or DAY


def read_outage(text: str, start: int) -> Outage:
    """`rapidpro:08:00-08:30` relative to `start`. Raises BadQuestion.

    Times before `start` are those of the next day, unless the outage has begun before the start and lasts longer.
    """
    service, _, times = text.partition(":")
    begins, dash, ends = times.partition("-")
    if service not in SERVICES or not dash:
        raise BadQuestion(f"expected an outage such as rapidpro:08:00-08:30 or cht:08:00-08:30, got {text!r}")
    first, last = time_of_day(begins), time_of_day(ends)
    if first == last:
        raise BadQuestion(f"expected an outage that ends after it begins, got {text!r}")
    from_, to = (first - start) % DAY, seconds_until(last, start)
    return Outage(service, 0 if to < from_ else from_, to)


def shown_time(seconds: float, start: int) -> str:
    """The time of day so long after `start`, such as 09:04:45, with the number of days that have passed since."""
    days, rest = divmod(start + math.floor(seconds), DAY)
    time = f"{rest // HOUR:02}:{rest % HOUR // MINUTE:02}:{rest % MINUTE:02}"
    return f"{time} +{days} d" if days else time


def merged(spans: Iterable[Span]) -> Sequence[Span]:
    """The same spans in order of time, with those that overlap or touch as one."""
    found: list[Span] = []
    for begins, ends in sorted(spans):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    return found
