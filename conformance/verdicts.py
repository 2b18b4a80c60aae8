"""The four verdicts, and the exceptions that lead to each of them.

Sources: Jepsen's three-valued verdict (valid, invalid, unknown), and a fourth for the harness's own faults.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """What became of a scenario, a requirement, or a run."""

    PASSED = "passed"
    FAILED = "failed"
    """The subject did what it must not, or not what it must."""
    UNKNOWN = "unknown"
    """This subject cannot be tested for it: it has no means (no restart, no virtual time)."""
    BROKEN = "broken"
    """The harness's own fault; says nothing about the subject."""


class SubjectFailed(AssertionError):
    """The subject broke a requirement; the text says what was expected and what came."""


class Untestable(Exception):
    """This subject has no means by which it could be tested for this."""


class HarnessBroken(Exception):
    """The harness could not do its part: nothing can be said about the subject."""


def verdict_of(failure: BaseException | None) -> Verdict:
    """The verdict that an exception (or none) stands for. Whatever is not the subject's failure is ours."""
    if failure is None:
        return Verdict.PASSED
    if isinstance(failure, SubjectFailed):
        return Verdict.FAILED
    if isinstance(failure, Untestable):
        return Verdict.UNKNOWN
    return Verdict.BROKEN


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict for many: the worst counts; passed only if something passed; nothing at all is unknown.

    Order: failed, then broken, then passed, then unknown.
    """
    found = set(verdicts)
    for verdict in (Verdict.FAILED, Verdict.BROKEN, Verdict.PASSED):
        if verdict in found:
            return verdict
    return Verdict.UNKNOWN


def exit_status(verdicts: Iterable[Verdict]) -> int:
    """0 all good; 1 the subject failed; 2 nothing could be judged or the harness broke."""
    found = set(verdicts)
    if Verdict.BROKEN in found:
        return 2
    if Verdict.FAILED in found:
        return 1
    return 0 if Verdict.PASSED in found else 2
