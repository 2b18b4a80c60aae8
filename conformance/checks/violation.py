"""The result of a check: violations."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong. `kind` groups them for totals: lost, duplicated, from-nowhere, wrong-state, ..."""

    check: str
    kind: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.sentence}"


def shown(text: str, limit: int = 60) -> str:
    """A text for use in a sentence: quoted, and cut at `limit` characters."""
    return repr(text if len(text) <= limit else f"{text[:limit]}…")
