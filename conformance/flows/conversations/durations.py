"""Durations in words: `90 seconds`, `1 day 12 hours`, `2h 30m`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)")
_SECONDS: Mapping[str, int] = MappingProxyType({
    "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86400, "day": 86400,
    "w": 604_800, "week": 604_800,
})  # fmt: skip
LONGEST = 10 * 366 * 86400
"""Seconds that one wait may last."""


def seconds_of(text: str) -> float:
    """The seconds. ValueError if it is no duration, or longer than ten years."""
    rest = _PART.sub("", text).strip()
    parts = _PART.findall(text)
    if rest or not parts:
        raise ValueError(f"expected a duration such as '90 seconds' or '1 day 12 hours', got {text!r}")
    total = 0.0
    for amount, unit in parts:
        size = _SECONDS.get(unit) or _SECONDS.get(unit.removesuffix("s"))
        if size is None:
            raise ValueError(f"expected seconds, minutes, hours, days or weeks, got {unit!r}")
        total += float(amount) * size
    if total > LONGEST:
        raise ValueError(f"expected at most ten years, got {text!r}")
    return total


def in_words(seconds: float) -> str:
    """The shortest text for a duration: `1 day 12 hours`."""
    left, parts = round(seconds), []
    for name in ("day", "hour", "minute", "second"):
        count, left = divmod(left, _SECONDS[name])
        if count:
            parts.append(f"{count} {name}{'s' if count > 1 else ''}")
    return " ".join(parts) or "0 seconds"
