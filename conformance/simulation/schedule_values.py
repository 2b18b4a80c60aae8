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


def wrong(place: str, expected: str, given: Any) -> ScheduleError:
    """The error for a wrong value."""
    return ScheduleError(f"{place} must be {expected}; got {str(given)[:80] if given != '' else 'empty text'}")


def whole(place: str, given: Any) -> int:
    """A whole number."""
    if isinstance(given, bool) or not isinstance(given, int):
        raise wrong(place, "a whole number", given)
    return given


def number(least: float, most: float = LONGEST) -> Check:
    """A number from `least` to `most`, inclusive."""

    def check(place: str, given: Any) -> float:
        if isinstance(given, bool) or not isinstance(given, int | float) or not least <= given <= most:
            raise wrong(place, f"a number from {least:g} to {most:g}", given)
        return float(given)

    return check


def words(place: str, given: Any) -> str:
    """Text that is not empty."""
    if not isinstance(given, str) or not given:
        raise wrong(place, "text", given)
    return given


def listed(place: str, given: Any) -> Sequence[Any]:
    """A list."""
    if not isinstance(given, list):
        raise wrong(place, "a list", given)
    return given


def keyed(place: str, given: Any) -> Mapping[str, Any]:
    """An object."""
    if not isinstance(given, dict):
        raise wrong(place, "an object", given)
    return given


def one_of(names: Sequence[str], *, none: bool = False) -> Check:
    """One of these names; with `none`, also null."""

    def check(place: str, given: Any) -> str | None:
        if none and given is None:
            return None
        if not isinstance(given, str) or given not in names:
            raise wrong(place, f"one of {', '.join(names)}{', or null' if none else ''}", given)
        return given

    return check


profile = one_of(tuple(PROFILES))
point = one_of(tuple(CrashPoint.__members__), none=True)
