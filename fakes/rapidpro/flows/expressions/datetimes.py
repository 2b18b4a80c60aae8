"""Dates and times in texts, and arithmetic on datetimes.

Source: goflow envs/dates.go, excellent/types/datetime.go.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from fakes.rapidpro.flows.expressions.environment import Env
from fakes.rapidpro.flows.expressions.values import (
    DateTime,
    ErrorValue,
    ExpressionError,
    ObjectValue,
    Value,
    describe,
)

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?:(:\d\d)(?:[.,](\d+))?)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SHORT, _YEAR, _BETWEEN = "([0-9]{1,2})", "([0-9]{4}|[0-9]{2})", r"[-.\\/_ ]"
_DAY_FIRST = re.compile(rf"\b{_SHORT}{_BETWEEN}{_SHORT}{_BETWEEN}{_YEAR}\b", re.ASCII)
_YEAR_FIRST = re.compile(rf"\b{_YEAR}{_BETWEEN}{_SHORT}{_BETWEEN}{_SHORT}\b", re.ASCII)
_TIME = re.compile(r"\b(\d{1,2})(?::?(\d{2})(?::(\d{2})(?:\.(\d+))?)?)?\W*([aApP][mM])?\b", re.ASCII)
LEAST_YEAR = 1000
MAX_SPAN = 2**63 // 1000
"""Microseconds; the engine counts nanoseconds in 64 bits, which is 292 years."""
MAX_DAYS = 106_751
MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)
UNNAMED_UTC = timezone(timedelta(0), "")
"""The zone of times with `+00:00`: no offset, but not the zone UTC either."""
UNITS = ("s", "m", "h", "D", "W", "M", "Y")


def to_datetime(value: Value, env: Env, *, fill_time: bool = False) -> DateTime:
    """A value as a datetime in its own zone; texts without offset are in the workspace's zone.

    `fill_time`: a text without a time gets the current time of day instead of midnight. ExpressionError if invalid.
    """
    value = _default_of(value)
    if isinstance(value, DateTime):
        return value
    if isinstance(value, date):
        return DateTime(datetime.combine(value, time(), env.timezone))
    if isinstance(value, str):
        moment = _moment_of_text(value, env, fill_time)
        if moment is not None:
            return moment
    raise ExpressionError(f"unable to convert {describe(value)} to a datetime")


def to_date(value: Value, env: Env) -> date:
    """A value as a date; of a datetime the date in its own zone. ExpressionError if invalid."""
    value = _default_of(value)
    if isinstance(value, DateTime):
        return value.at.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        stripped = value.strip()
        found = _leading_iso_date(stripped) or _local_date(stripped, env)
        if found is not None:
            return found[0]
    raise ExpressionError(f"unable to convert {describe(value)} to a date")


def to_time(value: Value, env: Env) -> time:
    """A value as a time of day; a number means full hours. ExpressionError if invalid."""
    value = _default_of(value)
    if isinstance(value, DateTime):
        return value.at.time()
    if isinstance(value, time):
        return value
    if isinstance(value, Decimal) and 0 <= int(value) <= 24:
        return time(int(value) % 24)
    if isinstance(value, str):
        for match in _TIME.finditer(value):
            found = _since_midnight(match, env)
            if found is not None:
                return (MIDNIGHT + found).time()
    raise ExpressionError(f"unable to convert {describe(value)} to a time")


def _default_of(value: Value) -> Value:
    if isinstance(value, ErrorValue):
        raise ExpressionError(value.message)
    if isinstance(value, ObjectValue) and value.has_default:
        return _default_of(value.default)
    return value


def _moment_of_text(text: str, env: Env, fill_time: bool) -> DateTime | None:
    stripped = text.strip()
    if match := _ISO.fullmatch(stripped):
        return _iso_moment(match, env)
    found = _leading_iso_date(stripped) or _local_date(stripped, env)
    if found is None:
        return None
    day, rest = found
    clock = next((t for t in (_since_midnight(match, env) for match in _TIME.finditer(rest)) if t is not None), None)
    if clock is None:
        current = env.now.astimezone(env.timezone).time() if fill_time else time()
        return DateTime(datetime.combine(day, current, env.timezone))
    return DateTime(datetime.combine(day, time(), env.timezone) + clock)


def _iso_moment(match: re.Match[str], env: Env) -> DateTime | None:
    day, clock, seconds, part, offset = match.groups()
    part = (part or "").ljust(9, "0")[:9]
    try:
        at = datetime.fromisoformat(f"{day}T{clock}{seconds or ':00'}.{part[:6]}{offset}")
    except ValueError:
        return None
    if offset == "Z":
        return DateTime(at.replace(tzinfo=UTC), int(part[6:]))
    if at.tzinfo is UTC:
        at = at.replace(tzinfo=UNNAMED_UTC)
    return DateTime(in_zone_if_same_offset(at, env.timezone), int(part[6:]))


def in_zone_if_same_offset(at: datetime, zone: ZoneInfo) -> datetime:
    """The same time in that zone, if it has the same offset there; else unchanged."""
    try:
        local = at.astimezone(zone)
    except OverflowError:
        return at
    return local if local.utcoffset() == at.utcoffset() else at


def _leading_iso_date(text: str) -> tuple[date, str] | None:
    if not _ISO_DATE.match(text):
        return None
    try:
        return date.fromisoformat(text[:10]), text[10:]
    except ValueError:
        return None


def _local_date(text: str, env: Env) -> tuple[date, str] | None:
    """The first possible date in the text, and what follows it."""
    pattern = _YEAR_FIRST if env.date_format == "YYYY-MM-DD" else _DAY_FIRST
    for match in pattern.finditer(text):
        first, second, third = match.groups()
        year, month, day = {
            "YYYY-MM-DD": (first, second, third),
            "MM-DD-YYYY": (third, first, second),
            "DD-MM-YYYY": (third, second, first),
        }[env.date_format]
        number = int(year)
        if len(year) == 2:
            number += 1900 if number > env.now.year % 1000 else 2000
        found = _date_of(number, int(month), int(day), env)
        if found is not None:
            return found, text[match.end() :]
    return None


def _date_of(year: int, month: int, day: int, env: Env) -> date | None:
    """The old engine accepts the 31st of any month, which runs over into the next one."""
    try:
        if env.generation == "9" and 1 <= day <= 31 and 1 <= month <= 12:
            return date(year, month, 1) + timedelta(days=day - 1)
        return date(year, month, day) if year >= LEAST_YEAR else None
    except (ValueError, OverflowError):
        return None


def _since_midnight(match: re.Match[str], env: Env) -> timedelta | None:
    """The time of day, or None if it is impossible. The old engine accepts hour 24, minute 60 and second 60."""
    hour, minute, second = int(match.group(1)), int(match.group(2) or 0), int(match.group(3) or 0)
    part = int((match.group(4) or "").ljust(6, "0")[:6])
    half = (match.group(5) or "").lower()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour == 24 and minute == second == part == 0:
        hour = 0
    lenient = env.generation == "9"
    if hour > 23 + lenient or minute > 59 + lenient or second > 59 + lenient:
        return None
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=part)


def add(moment: DateTime, number: int, unit: str) -> DateTime:
    """The datetime so many units later; a day beyond the end of the month runs over into the next."""
    at = moment.at
    seconds = {"s": 1, "m": 60, "h": 3600}.get(unit)
    try:
        if seconds is not None:
            return DateTime(
                (at.astimezone(UTC) + timedelta(seconds=seconds * number)).astimezone(at.tzinfo), moment.nanoseconds
            )
        if unit in ("D", "W"):
            return DateTime(at + timedelta(days=number * (7 if unit == "W" else 1)), moment.nanoseconds)
        months = at.year * 12 + at.month - 1 + number * (12 if unit == "Y" else 1)
        start = at.replace(year=months // 12, month=months % 12 + 1, day=1)
        return DateTime(start + timedelta(days=at.day - 1), moment.nanoseconds)
    except (ValueError, OverflowError):
        raise ExpressionError("datetime is out of range") from None


def difference(first: DateTime, second: DateTime, unit: str) -> int:
    """Whole units from `first` to `second`, rounded towards zero; days, weeks, months and years by the calendar."""
    if unit in ("s", "m", "h"):
        span = second.at.astimezone(UTC) - first.at.astimezone(UTC)
        microseconds = max(-MAX_SPAN, min(MAX_SPAN, span // timedelta(microseconds=1)))
        whole = abs(microseconds) // {"s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000}[unit]
        return whole if microseconds >= 0 else -whole
    if unit in ("D", "W"):
        days = max(-MAX_DAYS, min(MAX_DAYS, (second.at.date() - first.at.date()).days))
        return days if unit == "D" else int(days / 7)
    if unit == "M":
        return (second.at.year - first.at.year) * 12 + second.at.month - first.at.month
    return second.at.year - first.at.year


def check_unit(unit: str) -> str:
    """The unit. ExpressionError for an unknown one."""
    if unit not in UNITS:
        raise ExpressionError(f'unknown unit: XText("{unit}"), must be one of {", ".join(UNITS)}')
    return unit
