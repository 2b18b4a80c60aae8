"""Checks for the values of a schedule, which may be written by hand: an error names the place of the wrong value.

Every check takes the place of the value and the value; it returns the value or raises ScheduleError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conformance.subjects.base import CrashPoint
from fakes.rapidpro.versions.profiles import PROFILES

LONGEST = 366 * 24 * 3600.0
"""Seconds: more than any run lasts."""

Check = Callable[[str, Any], Any]


class ScheduleError(ValueError):
    """A schedule that cannot be read; the message says what was expected and what was found."""


def wrong(place: str, expected: str, value: Any) -> ScheduleError:
    """The error for a wrong value."""
    return ScheduleError(f"{place} must be {expected}; got {str(value)[:80] if value != '' else 'empty text'}")


def integer(place: str, value: Any) -> int:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(place, "a whole number", value)
    return value


def number(least: float, most: float = LONGEST) -> Check:
    """A number from `least` to `most`, inclusive."""

    def check(place: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise wrong(place, f"a number from {least:g} to {most:g}", value)
        return float(value)

    return check


def text(place: str, value: Any) -> str:
    """Text that is not empty."""
    if not isinstance(value, str) or not value:
        raise wrong(place, "text", value)
    return value


def array(place: str, value: Any) -> Sequence[Any]:
    """A list."""
    if not isinstance(value, list):
        raise wrong(place, "a list", value)
    return value


def mapping(place: str, value: Any) -> Mapping[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise wrong(place, "an object", value)
    return value


def one_of(names: Sequence[str], *, none: bool = False) -> Check:
    """One of these names; with `none`, also null."""

    def check(place: str, value: Any) -> str | None:
        if none and value is None:
            return None
        if not isinstance(value, str) or value not in names:
            raise wrong(place, f"one of {', '.join(names)}{', or null' if none else ''}", value)
        return value

    return check


profile = one_of(tuple(PROFILES))
point = one_of(tuple(CrashPoint.__members__), none=True)
