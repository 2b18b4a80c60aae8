"""Dates as JavaScript parses and formats them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

WRITTEN = re.compile(r"\s*[-+]?([0-9]{1,4})(?:[-/]([0-9]{1,2})(?:[-/]([0-9]{1,4}))?)?\s*")
ISO_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(value: Any) -> float | None:
    """The date of a task as ms since 1970, from a number of ms or a string; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str):
        return parse_date(value)
    return None


def parse_date(text: str) -> int | None:
    """`Date.parse`: ms since 1970; None instead of NaN. Times without offset are UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return to_ms(moment)


def parse_written_date(text: str) -> int | None:
    """A date as people write it: what `parse_date` reads, and years, months and days with dashes or slashes.

    Year first if the first number cannot be a day, else month, day, year, as `Date` of Node reads them; a month alone
    is in 2001. Days beyond the end of a month run into the next. Times are UTC. None for an invalid date.
    """
    match = WRITTEN.fullmatch(text)
    if match is None:
        return parse_date(text)
    first, second, third = (int(part) if part else 0 for part in match.groups())
    if match[3]:
        year, month, day = (first, second, third) if first > 31 or len(match[1]) > 2 else (third, first, second)
    elif match[2]:
        year, month, day = (2001, first, second) if first <= 12 else (first, second, 1)
    else:
        year, month, day = (2001, first, 1) if 1 <= first <= 12 else (first, 1, 1)
    return _of_parts(_full_year(year), month, day)


def parse_moment(text: str) -> int | None:
    """A date as `moment` reads it: strict if it looks like ISO 8601, else like `parse_written_date`."""
    return parse_date(text) if ISO_DAY.match(text) else parse_written_date(text)


def _full_year(year: int) -> int:
    return year + (2000 if year < 50 else 1900) if year < 100 else year


def _of_parts(year: int, month: int, day: int) -> int | None:
    if not (1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    return to_ms(datetime(year, month, 1, tzinfo=UTC)) + (day - 1) * 86_400_000


def to_ms(moment: datetime) -> int:
    """An aware datetime as whole ms since 1970."""
    span = moment - EPOCH
    return (span.days * 86_400 + span.seconds) * 1000 + span.microseconds // 1000


def iso(moment: datetime) -> str:
    """`2024-10-01T08:00:00.000Z`, always with three digits of milliseconds, like `toISOString`."""
    moment = moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
