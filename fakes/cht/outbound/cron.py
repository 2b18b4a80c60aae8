"""Whether the current time is near a cron time: five fields, minute to day of week.

Source: cht-core `shared-libs/transitions/src/lib/utils.js`, `isWithinTimeFrame` (cron-validator, later). Names of
months and days are rejected; day of month and day of week must both match, unlike in Unix. Server time is UTC here.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
ITEM = re.compile(r"(\*|(\d+)(?:-(\d+))?)(?:/(\d+))?")


class CronError(ValueError):
    """An invalid cron expression."""


def is_near(expression: str, now: datetime, frame: timedelta) -> bool:
    """Whether a time of the expression is within `frame` before or after `now`. Raises CronError."""
    fields = parse(expression)
    minute = (now - frame).replace(second=0, microsecond=0)
    while minute <= now + frame:
        if abs(now - minute) <= frame and _matches(fields, minute):
            return True
        minute += timedelta(minutes=1)
    return False


def parse(expression: str) -> tuple[frozenset[int], ...]:
    """The allowed values of each field. Raises CronError."""
    fields = str(expression).split()
    if len(fields) != len(FIELDS):
        raise CronError(f"{expression!r} has {len(fields)} fields instead of {len(FIELDS)}")
    return tuple(_values(field, *bounds) for field, bounds in zip(fields, FIELDS, strict=True))


def _values(field: str, first: int, last: int) -> frozenset[int]:
    found: set[int] = set()
    for item in field.split(","):
        match = ITEM.fullmatch(item)
        if match is None:
            raise CronError(f"{item!r} is not a field of a cron expression")
        start = first if match[2] is None else int(match[2])
        single = match[2] is not None and match[3] is None and match[4] is None
        end = int(match[3]) if match[3] else (start if single else last)
        step = int(match[4] or 1)
        if step == 0 or not first <= start <= end <= last:
            raise CronError(f"{item!r} is out of range")
        found.update(range(start, end + 1, step))
    return frozenset(found)


def _matches(fields: tuple[frozenset[int], ...], at: datetime) -> bool:
    values = (at.minute, at.hour, at.day, at.month, at.isoweekday() % 7)
    return all(value in field for value, field in zip(values, fields, strict=True))
