"""The times in the parameters `before` and `after`.

Source: rapidpro temba/api/views.py (filter_before_after) and the package iso8601 that reads them; its
versions 0.1.14, 0.1.16 and 2.1.0 accept the same: a year, then a month, a day, a time, each of which may be left out
with all that follows. A time without an offset is UTC, whatever the workspace's time zone.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from fakes.rapidpro.api.http.wire import Call

MICROSECOND_DIGITS = 6
DAY = 24 * 60
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
_DATE = re.compile(r"(\d{4})(?:(?:-(\d{1,2})|(\d\d)(?!$))(?:(?:-(\d{1,2})|(\d\d))(.*))?)?$", re.ASCII)
_TIME = re.compile(r"[ T](\d\d)(?::?(\d\d))?(?::?(\d{1,2})(?:[.,](\d+))?)?(?:Z|([+-])(\d\d):?(\d\d)?)?$", re.ASCII)


NEVER = LAST, FIRST
"""A span that contains no time."""


class BadTime(Exception):
    """A text that is no time."""


def span(call: Call) -> tuple[datetime | None, datetime | None]:
    """`after` and `before`, both included; NEVER if one of them is invalid: the list is then empty."""
    after, before = call.query.get("after"), call.query.get("before")
    try:
        return (read(after) if after else None), (read(before) if before else None)
    except BadTime:
        return NEVER


def read(text: str) -> datetime:
    """A time in UTC; one before the first or after the last year becomes FIRST or LAST. Raises BadTime."""
    found = _DATE.match(text)
    if found is None:
        raise BadTime
    year, dashed_month, month, dashed_day, day, rest = found.groups()
    time, shift = _time(rest or "")
    try:
        moment = datetime.fromisoformat(f"{year}-{_two(dashed_month or month)}-{_two(dashed_day or day)}T{time}")
    except ValueError:
        raise BadTime from None
    moment = moment.replace(tzinfo=UTC)
    try:
        return moment - timedelta(minutes=shift)
    except OverflowError:
        return FIRST if shift > 0 else LAST


def _time(text: str) -> tuple[str, int]:
    """The time of day, and its offset from UTC in minutes."""
    if not text:
        return "00:00:00", 0
    found = _TIME.match(text)
    if found is None:
        raise BadTime
    hour, minute, second, fraction, sign, hours, minutes = found.groups()
    shift = int(hours or 0) * 60 + int(minutes or 0)
    if shift >= DAY:
        raise BadTime
    part = (fraction or "")[:MICROSECOND_DIGITS].ljust(MICROSECOND_DIGITS, "0")
    return f"{hour}:{minute or '00'}:{_two(second, '00')}.{part}", -shift if sign == "-" else shift


def _two(digits: str | None, otherwise: str = "01") -> str:
    return digits.zfill(2) if digits else otherwise
