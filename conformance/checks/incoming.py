"""From phone to CHT: does every accepted text become exactly one report?

Whoever answers 2xx owns the text: RapidPro never repeats a webhook call (mailroom, `core/goflow/engine.go`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.checks.violation import Violation, shown
from conformance.history.causes import never_confirmed
from conformance.history.model import History, IncomingText, Outcome, StoredReport
from conformance.history.others import confirmed, own_reports
from conformance.history.words import often


def _texts(history: History) -> dict[tuple[str, str, str], list[IncomingText]]:
    """The attempts to deliver a text: RapidPro may redeliver it under the same id.

    Other words, or another sender, under the same id are another text.
    """
    attempts: dict[tuple[str, str, str], list[IncomingText]] = {}
    for text in history.incoming_texts:
        attempts.setdefault((text.id, text.number, text.text), []).append(text)
    return attempts


def _counts(history: History) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """How often each (number, text) was certainly accepted, was possibly accepted, and was stored by the relay."""
    accepted: Counter[tuple[str, str]] = Counter()
    possible: Counter[tuple[str, str]] = Counter()
    for attempts in _texts(history).values():
        outcomes = {attempt.outcome for attempt in attempts}
        key = (attempts[0].number, attempts[0].text)
        accepted[key] += Outcome.OK in outcomes
        possible[key] += bool(outcomes & {Outcome.OK, Outcome.UNKNOWN})
    return accepted, possible, Counter((report.number, report.text) for report in own_reports(history))


def _there(count: int) -> str:
    return f"CHT has it {often(count)}" if count else "CHT does not have it"


def incoming_lost(history: History) -> Iterator[Violation]:
    """A text was accepted, and CHT does not have it unchanged, and has not confirmed it either."""
    accepted, _, stored = _counts(history)
    for (number, text), count in accepted.items():
        if stored[number, text] < count and stored[number, text] + confirmed(history, number, text) < count:
            yield Violation(
                "incoming_lost",
                "lost",
                f"{shown(text)} from {number} was accepted {often(count)}, {_there(stored[number, text])}",
                number,
                text,
            )


def incoming_duplicated(history: History) -> Iterator[Violation]:
    """The relay stored a text in CHT more often than it was sent."""
    _, possible, stored = _counts(history)
    sent = Counter((attempts[0].number, attempts[0].text) for attempts in _texts(history).values())
    for (number, text), count in stored.items():
        if sent[number, text] and count > max(possible[number, text], 1):
            yield Violation(
                "incoming_duplicated",
                "duplicated",
                f"{shown(text)} from {number} was sent {often(sent[number, text])}, {_there(count)}",
                number,
                text,
            )


def incoming_from_nowhere(history: History) -> Iterator[Violation]:
    """The relay stored a report in CHT that nobody sent, under a number of the scenario or under a stranger's."""
    sent = {(text.number, text.text) for text in history.incoming_texts}
    for report in (*own_reports(history), *_strange_reports(history)):
        if (report.number, report.text) not in sent:
            yield Violation(
                "incoming_from_nowhere",
                "from-nowhere",
                f"CHT has {shown(report.text)} from {report.number}, which nobody sent",
                report.number,
                report.text,
                report.ref,
            )


def _strange_reports(history: History) -> Iterator[StoredReport]:
    """Reports under strangers' numbers. Where others write to CHT too, only those that have a text or an id of ours."""
    texts = {text.text for text in history.incoming_texts}
    ids = {text.id for text in history.incoming_texts}
    for report in history.strangers.reports:
        ours = report.text in texts or any(id_ and id_ in report.ref for id_ in ids)
        if ours or not history.strangers.others_write:
            yield report


def refused_although_stored(history: History) -> Iterator[Violation]:
    """The last answer about a text was a refusal, but CHT has it: the sender will send it again.

    A relay to which CHT never confirmed the text may refuse it: it cannot know that CHT has it.
    """
    _, possible, stored = _counts(history)
    for attempts in _texts(history).values():
        last, key = attempts[-1], (attempts[0].number, attempts[0].text)
        if last.outcome is not Outcome.REFUSED or never_confirmed(history, last.id):
            continue
        if stored[key] > possible[key] - _may_be_stored(attempts):
            yield Violation(
                "refused_although_stored",
                "wrong-answer",
                f"{shown(last.text)} from {last.number} was refused, but CHT has it",
                last.number,
                last.text,
                last.id,
            )


def _may_be_stored(attempts: list[IncomingText]) -> int:
    return int(any(attempt.outcome in (Outcome.OK, Outcome.UNKNOWN) for attempt in attempts))
