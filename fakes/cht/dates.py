"""Dates as JavaScript reads and writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(value: Any) -> float | None:
    """A date of a task as ms since 1970: a number as it is, a text read as a date; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str):
        return parse_date(value)
    return None


def parse_date(text: str) -> int | None:
    """What `Date.parse` gives: ms since 1970; None where it gives NaN. Times without offset are taken as UTC."""
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


def to_ms(moment: datetime) -> int:
    """An aware moment as whole ms since 1970."""
    span = moment - EPOCH
    return (span.days * 86_400 + span.seconds) * 1000 + span.microseconds // 1000


def iso(moment: datetime) -> str:
    """`2024-10-01T08:00:00.000Z`, always three digits, as `toISOString` writes it."""
    moment = moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
