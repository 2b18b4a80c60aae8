"""The error of the fault engine."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class FaultError(ValueError):
    """An invalid fault; the text says what was expected and what was given."""


def unknown(what: str, given: object, known: Iterable[str]) -> FaultError:
    """An error that lists the known names, and the most similar one first."""
    names = sorted(known)
    close = difflib.get_close_matches(str(given), names, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return FaultError(f"unknown {what} {given!r}{hint}: expected one of {', '.join(names)}")
