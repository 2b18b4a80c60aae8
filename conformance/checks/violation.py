"""The result of a check: violations."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong. `kind` groups them for totals: lost, duplicated, from-nowhere, wrong-state, ...

    What it rests on, as far as the check knows it: the phone's `number`, the words (`text`), the `id` of the text (in
    CHT, or as RapidPro gave it to the relay), and the numbers in the ledger of the `calls` that are wrong.
    """

    check: str
    kind: str
    sentence: str
    number: str | None = field(default=None, compare=False)
    text: str | None = field(default=None, compare=False)
    id: str | None = field(default=None, compare=False)
    calls: tuple[int, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return f"{self.kind}: {self.sentence}"


def shown(text: str, limit: int = 60) -> str:
    """A text for use in a sentence: quoted, and cut at `limit` characters."""
    return repr(text if len(text) <= limit else f"{text[:limit]}…")
