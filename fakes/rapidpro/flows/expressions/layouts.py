"""Date and time layouts such as `YYYY-MM-DD tt:mm`: formatting and parsing.

Letters: YY YYYY M MM MMM MMMM D DD EEE EEEE h hh (12 hours) t tt (24 hours) m mm s ss fff ffffff fffffffff aa AA
Z (offset, Z for UTC) ZZZ (offset). Blanks, `: / . , - _` and T stand for themselves; nothing else is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from fakes.rapidpro.flows.expressions.datetimes import in_zone_if_same_offset
from fakes.rapidpro.flows.expressions.names import ENGLISH, Names
from fakes.rapidpro.flows.expressions.values import DateTime, ExpressionError, offset_text

DATE_PIECES = frozenset({"YY", "YYYY", "M", "MM", "MMM", "MMMM", "D", "DD", "EEE", "EEEE"})
TIME_PIECES = frozenset({"h", "hh", "t", "tt", "m", "mm", "s", "ss", "fff", "ffffff", "fffffffff", "aa", "AA"})
ZONE_PIECES = frozenset({"Z", "ZZZ"})
ALL_PIECES = DATE_PIECES | TIME_PIECES | ZONE_PIECES
_RUNS = re.compile(r"(.)\1*", re.DOTALL)
_PLAIN = frozenset(" :/.,T-_")
_PATTERNS = {
    "YY": r"(?P<yy>\d\d)", "YYYY": r"(?P<year>\d{4})", "M": r"(?P<month>\d\d?+)", "MM": r"(?P<month>\d\d)",
    "D": r"(?P<day>\d\d?+)", "DD": r"(?P<day>\d\d)", "h": r"(?P<hour>\d\d?+)", "hh": r"(?P<hour>\d\d)",
    "t": r"(?P<hour>\d\d?+)", "tt": r"(?P<hour>\d\d?+)", "m": r"(?P<minute>\d\d?+)", "mm": r"(?P<minute>\d\d)",
    "s": r"(?P<second>\d\d?+)(?:[.,](?P<part>\d+))?", "ss": r"(?P<second>\d\d)(?:[.,](?P<part>\d+))?",
    "fff": r"(?P<part>\d{3})", "ffffff": r"(?P<part>\d{6})", "fffffffff": r"(?P<part>\d{9})",
    "aa": "(?P<half>am|pm)", "AA": "(?P<half>AM|PM)",
    "Z": r"(?P<zone>Z|[+-]\d\d:\d\d)", "ZZZ": r"(?P<zone>[+-]\d\d:\d\d)",
}  # fmt: skip
_FRACTIONS = ("fff", "ffffff", "fffffffff")


def pieces(layout: str, allowed: frozenset[str]) -> Iterator[tuple[bool, str]]:
    """The layout's pieces, each with whether it stands for a value. ExpressionError for an unknown one."""
    for match in _RUNS.finditer(layout):
        text = match.group()
        if text[0] in _PLAIN:
            yield False, text
        elif text in allowed:
            yield True, text
        else:
            raise ExpressionError(f"{layout!r} is not a valid layout: {text!r} is not known")


def write(moment: DateTime, layout: str, allowed: frozenset[str] = ALL_PIECES, names: Names = ENGLISH) -> str:
    """A datetime formatted by a layout."""
    found = pieces(layout, allowed)
    return "".join(_format_piece(moment, text, names) if is_value else text for is_value, text in found)


def _format_piece(moment: DateTime, piece: str, names: Names) -> str:
    at = moment.at
    if piece in _FRACTIONS:
        return f"{at.microsecond:06d}{moment.nanoseconds:03d}"[: len(piece)]
    if piece in ZONE_PIECES:
        return offset_text(at, z_for_utc=piece == "Z")
    if piece[0] == "E" or piece in ("MMM", "MMMM"):
        short = len(piece) == 3
        if piece[0] == "E":
            return (names.short_days if short else names.days)[at.weekday()]
        return (names.short_months if short else names.months)[at.month - 1]
    if piece[0] in "aA":
        half = names.halves[at.hour >= 12]
        return half if piece == "aa" else half.upper()
    number = {
        "Y": at.year if len(piece) == 4 else at.year % 100,
        "M": at.month, "D": at.day, "h": at.hour % 12 or 12, "t": at.hour, "m": at.minute, "s": at.second,
    }[piece[0]]  # fmt: skip
    if piece == "t" and number == 0:
        return ""  # the engine trims the zeros of 00
    return str(number).zfill(len(piece))


def read(text: str, layout: str, zone: ZoneInfo, allowed: frozenset[str] = ALL_PIECES) -> DateTime:
    """The datetime of a text by a layout, in `zone`. ExpressionError if the text does not match."""
    match = re.fullmatch(_pattern(layout, allowed), text, re.ASCII)
    if match is None:
        raise ExpressionError(f"unable to parse {text!r} by the layout {layout!r}")
    found = {name: value for name, value in match.groupdict().items() if value is not None}
    hour = int(found.get("hour", 0))
    if hour > 12 and "h" in layout:
        raise ExpressionError(f"{text!r} is not a possible time")
    if "half" in found and hour <= 12:
        hour = hour % 12 + (12 if found["half"].lower() == "pm" else 0)
    part = found.get("part", "").ljust(9, "0")[:9]
    try:
        at = datetime(
            _year(found), int(found.get("month", 1)), int(found.get("day", 1)), hour,
            int(found.get("minute", 0)), int(found.get("second", 0)), int(part[:6]), tzinfo=zone,
        )  # fmt: skip
        if "zone" in found:
            at = at.replace(tzinfo=_offset(found["zone"]))
            at = at if found["zone"] == "Z" else in_zone_if_same_offset(at, zone)
    except (ValueError, OverflowError):
        raise ExpressionError(f"{text!r} is not a possible time") from None
    return DateTime(at, int(part[6:]))


def _pattern(layout: str, allowed: frozenset[str]) -> str:
    out = ""
    values = list(pieces(layout, allowed))
    fractions = any(text in _FRACTIONS for _, text in values)
    for is_value, text in values:
        if not is_value:
            out += re.escape(text)
            continue
        if text not in _PATTERNS:
            raise ExpressionError(f"{text!r} cannot be read")
        if text in _FRACTIONS and not out.endswith((r"\.", ",")):
            raise ExpressionError("a fraction is only read behind a point or a comma")
        pattern = _PATTERNS[text]
        if text in ("s", "ss") and fractions:
            pattern = pattern.partition("(?:")[0]
        if re.findall(r"\?P<(\w+)>", pattern)[0] in re.findall(r"\?P<(\w+)>", out):
            raise ExpressionError(f"{layout!r} has the same thing twice")
        out += pattern
    return out


def _year(found: dict[str, str]) -> int:
    if "yy" in found:
        short = int(found["yy"])
        return short + (1900 if short >= 69 else 2000)
    return int(found.get("year", 1))


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
