"""Dates as moment.js parses and formats them, as far as CHT's settings use them. Server time is UTC here."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

from fakes.cht.javascript.dates import EPOCH, parse_date, to_ms
from fakes.cht.javascript.month_names import ENGLISH, ENGLISH_DAYS, Language

INVALID = "Invalid date"
TOKEN = re.compile(r"\[([^\]]*)\]|YYYY|YY|MMMM|MMM|MM|Mo|M|DDDD|DD|Do|D|dddd|ddd|HH|H|hh|h|mm|m|ss|s|SSS|A|a|ZZ|Z|X|x")
OFFSET_UNIT = re.compile(r"(second|minute|hour|day|week|month|year)s?")
DAYS: Mapping[str, int] = MappingProxyType({"day": 1, "week": 7})
MONTHS: Mapping[str, int] = MappingProxyType({"month": 1, "year": 12})
SHIFT = re.compile(r"([+-])(\d\d):?(\d\d)\Z")


def read(value: Any) -> datetime | None:
    """A time from ms since 1970 or a string; None if it is invalid."""
    if isinstance(value, bool) or value is None:
        return None
    milliseconds = value if isinstance(value, (int, float)) else parse_date(str(value))
    try:
        return None if milliseconds is None else EPOCH + timedelta(milliseconds=milliseconds)
    except (OverflowError, ValueError):
        return None


def write(moment: datetime, layout: str | None, language: Language = ENGLISH) -> str:
    """A time formatted in a language by a layout such as `DD-MMM-YYYY`; without a layout as ISO 8601."""
    if not layout:
        return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    language = language.within(layout)
    return TOKEN.sub(lambda match: match[1] if match[1] is not None else _token(match[0], moment, language), layout)


def _token(token: str, moment: datetime, language: Language) -> str:
    hour = moment.hour % 12 or 12
    weekday, month = moment.isoweekday() % 7, moment.month - 1
    return {
        "YYYY": f"{moment.year:04}", "YY": f"{moment.year % 100:02}",
        "MMMM": language.months[month], "MMM": language.short_months[month],
        "MM": f"{moment.month:02}", "M": f"{moment.month}",
        "Mo": language.ordinal(moment.month, "M"),
        "DDDD": f"{moment.timetuple().tm_yday:03}", "DD": f"{moment.day:02}", "Do": language.ordinal(moment.day, "D"),
        "D": f"{moment.day}", "dddd": language.days[weekday], "ddd": language.short_days[weekday],
        "HH": f"{moment.hour:02}", "H": f"{moment.hour}", "hh": f"{hour:02}", "h": f"{hour}",
        "mm": f"{moment.minute:02}", "m": f"{moment.minute}", "ss": f"{moment.second:02}", "s": f"{moment.second}",
        "SSS": f"{moment.microsecond // 1000:03}", "A": "AM" if moment.hour < 12 else "PM",
        "a": "am" if moment.hour < 12 else "pm", "Z": "+00:00", "ZZ": "+0000",
        "X": f"{to_ms(moment) // 1000}", "x": f"{to_ms(moment)}",
    }[token]  # fmt: skip


def offset(text: Any) -> tuple[float, str] | None:
    """A span such as `2 weeks` as number and unit; None if it is invalid."""
    number, _, unit = str(text or "").partition(" ")
    found = OFFSET_UNIT.search(unit.split(" ")[0])
    try:
        return (float(number), found[1]) if found and re.search(r"\d", number) else None
    except ValueError:
        return None


def add(moment: datetime, span: tuple[float, str], sign: int = 1) -> datetime:
    """`moment` plus a span; a month later is the same day, or the last day of a shorter month.

    Days and months are rounded to whole numbers. Raises OverflowError, ValueError for times out of range.
    """
    number, unit = span[0] * sign, span[1]
    if unit in DAYS:
        return moment + timedelta(days=_whole(number * DAYS[unit]))
    if unit not in MONTHS:
        return moment + timedelta(**{f"{unit}s": number})
    months = moment.year * 12 + moment.month - 1 + _whole(number * MONTHS[unit])
    year, month = divmod(months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def _whole(number: float) -> int:
    """The nearest integer, halves rounded away from zero."""
    return int(number + (0.5 if number >= 0 else -0.5))


def at_time(moment: datetime, text: Any) -> datetime:
    """`moment` set to a time of its day such as `09:00`, or `09:00 +0300` for another time zone."""
    if not text:
        return moment
    parts = str(text).split()
    hours, colon, minutes = parts[0].partition(":")
    if not colon:
        return moment
    local = moment.astimezone(_zone(parts[1])) if len(parts) > 1 else moment
    return local.replace(hour=int(hours), minute=int(minutes), second=0, microsecond=0).astimezone(UTC)


def _zone(text: str) -> timezone:
    match = SHIFT.match(text)
    if match is None:
        return UTC
    span = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-span if match[1] == "-" else span)


def on_day(moment: datetime, day: Any) -> datetime:
    """`moment` set to a day of its week (from Sunday) such as `Monday`; unknown names change nothing."""
    if not day:
        return moment
    index = next((n for n, name in enumerate(ENGLISH_DAYS) if name[:3].lower() == str(day).strip()[:3].lower()), None)
    return moment if index is None else moment + timedelta(days=index - moment.isoweekday() % 7)
