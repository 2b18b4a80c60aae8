"""From phone to CHT: is every acknowledged text a report exactly once?

Who answers 2xx owns the text: RapidPro never repeats a webhook (mailroom, `core/goflow/engine.go`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.checks.violation import Violation, shown
from conformance.history.model import History, IncomingText, Outcome


def _texts(history: History) -> dict[str, list[IncomingText]]:
    """The attempts to hand a text over, by the text's id: one text may be handed over again under the same id."""
    attempts: dict[str, list[IncomingText]] = {}
    for text in history.incoming_texts:
        attempts.setdefault(text.id, []).append(text)
    return attempts


def _counts(history: History) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """How often each (number, text) was acknowledged for certain, may have been, and is stored."""
    owned: Counter[tuple[str, str]] = Counter()
    possible: Counter[tuple[str, str]] = Counter()
    for attempts in _texts(history).values():
        outcomes = {attempt.outcome for attempt in attempts}
        key = (attempts[0].number, attempts[0].text)
        owned[key] += Outcome.OK in outcomes
        possible[key] += bool(outcomes & {Outcome.OK, Outcome.UNKNOWN})
    return owned, possible, Counter((report.number, report.text) for report in history.reports)


def incoming_lost(history: History) -> Iterator[Violation]:
    """A text was acknowledged and CHT does not have it, or not letter for letter."""
    owned, _, stored = _counts(history)
    for (number, text), count in owned.items():
        if stored[number, text] < count:
            yield Violation(
                "incoming_lost",
                "lost",
                f"{shown(text)} of {number} was acknowledged {count} times, CHT holds it {stored[number, text]} times",
            )


def incoming_duplicated(history: History) -> Iterator[Violation]:
    """CHT holds a text more often than it was sent."""
    _, possible, stored = _counts(history)
    sent = Counter((attempts[0].number, attempts[0].text) for attempts in _texts(history).values())
    for (number, text), count in stored.items():
        if sent[number, text] and count > max(possible[number, text], 1):
            yield Violation(
                "incoming_duplicated",
                "duplicated",
                f"{shown(text)} of {number} was sent {sent[number, text]} times, CHT holds it {count} times",
            )


def incoming_from_nowhere(history: History) -> Iterator[Violation]:
    """CHT holds a report that nobody sent."""
    sent = {(text.number, text.text) for text in history.incoming_texts}
    for report in history.reports:
        if (report.number, report.text) not in sent:
            yield Violation(
                "incoming_from_nowhere",
                "from-nowhere",
                f"CHT holds {shown(report.text)} of {report.number}, which nobody sent",
            )


def refused_although_stored(history: History) -> Iterator[Violation]:
    """The last that the sender's side heard of a text is a refusal, but CHT has it: the sender will send it again."""
    _, possible, stored = _counts(history)
    for attempts in _texts(history).values():
        last, key = attempts[-1], (attempts[0].number, attempts[0].text)
        if last.outcome is Outcome.REFUSED and stored[key] > possible[key] - _may_be_stored(attempts):
            yield Violation(
                "refused_although_stored",
                "wrong-answer",
                f"{shown(last.text)} of {last.number} was refused, but CHT holds it",
            )


def _may_be_stored(attempts: list[IncomingText]) -> int:
    return int(any(attempt.outcome in (Outcome.OK, Outcome.UNKNOWN) for attempt in attempts))
