"""The one error of the fault engine."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class FaultError(ValueError):
    """A fault that cannot be planned; the text says what was expected and what came."""


def unknown(what: str, given: object, known: Iterable[str]) -> FaultError:
    """An error that lists what is possible, the likeliest guess first."""
    names = sorted(known)
    close = difflib.get_close_matches(str(given), names, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return FaultError(f"unknown {what} {given!r}{hint}: expected one of {', '.join(names)}")
