"""What a check finds."""

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
    """A text as it stands in a sentence: quoted, cut."""
    return repr(text if len(text) <= limit else f"{text[:limit]}…")
