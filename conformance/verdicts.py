"""The four verdicts, and the exceptions that lead to them.

Source: Jepsen's three verdicts (valid, invalid, unknown), and a fourth for the harness's own faults.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """The result of a scenario, a requirement, or a run."""

    PASSED = "passed"
    FAILED = "failed"
    """The subject broke a requirement."""
    UNKNOWN = "unknown"
    """This subject cannot be tested for it: it lacks a capability (restart, virtual time, ...)."""
    BROKEN = "broken"
    """The harness failed; this says nothing about the subject."""


class SubjectFailed(AssertionError):
    """The subject broke a requirement; the message says what was expected and what happened.

    `rests_on` names the events that show it, if they are known (`Ref` in conformance/evidence/entries.py).
    """

    def __init__(self, sentence: str, rests_on: Iterable[tuple[str | int, ...]] = ()) -> None:
        super().__init__(sentence)
        self.rests_on = tuple(rests_on)


class Untestable(Exception):
    """This subject lacks a capability that the test needs."""


class HarnessBroken(Exception):
    """The harness could not do its part, so nothing is known about the subject."""


def verdict_of(failure: BaseException | None) -> Verdict:
    """The verdict for an exception, or for None. Every other exception than the two above is a fault of the harness."""
    if failure is None:
        return Verdict.PASSED
    if isinstance(failure, SubjectFailed):
        return Verdict.FAILED
    if isinstance(failure, Untestable):
        return Verdict.UNKNOWN
    return Verdict.BROKEN


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict for many: the first of failed, broken, passed that occurs, else unknown."""
    found = set(verdicts)
    for verdict in (Verdict.FAILED, Verdict.BROKEN, Verdict.PASSED):
        if verdict in found:
            return verdict
    return Verdict.UNKNOWN


def exit_status(verdicts: Iterable[Verdict], *, strict: bool = False) -> int:
    """0: all good; 1: the subject failed; 2: nothing could be judged, or the harness broke.

    With `strict`, unknown counts as failed.
    """
    found = set(verdicts)
    if Verdict.BROKEN in found:
        return 2
    if Verdict.FAILED in found or (strict and Verdict.UNKNOWN in found):
        return 1
    return 0 if Verdict.PASSED in found else 2
