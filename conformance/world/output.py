"""What a started subject prints, as far as it reveals secrets."""

from __future__ import annotations

from conformance.subjects.base import Printing, Subject
from fakes.redaction import Redaction


class Output:
    """The lines that the subject has printed since the last scenario and that had a secret in them, which is hidden."""

    def __init__(self, subject: Subject, hide: Redaction) -> None:
        self._subject = subject
        self._hide = hide
        self._found: list[str] = []

    def revealing(self) -> tuple[str, ...]:
        """Those lines so far; others are never kept."""
        printed = self._subject.printed() if isinstance(self._subject, Printing) else ""
        if self._hide.concerns(printed):
            lines = [(line, self._hide.text(line)) for line in printed.splitlines()]
            self._found += [hidden for line, hidden in lines if hidden != line]
        return tuple(self._found)
