"""Checks: pure functions from a history to violations. `tests/conformance/checks/` shows each of them failing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from conformance.checks.conduct import called_while_throttled, needless_call, secret_leaked
from conformance.checks.incoming import (
    incoming_duplicated,
    incoming_from_nowhere,
    incoming_lost,
    refused_although_stored,
)
from conformance.checks.outgoing import (
    given_up_without_cause,
    outgoing_duplicated,
    outgoing_from_nowhere,
    outgoing_lost,
    reordered,
)
from conformance.checks.states import state_regressed, state_wrong
from conformance.checks.violation import Violation
from conformance.history.model import History

Check = Callable[[History], Iterable[Violation]]

RESULTS: tuple[Check, ...] = (
    incoming_lost,
    incoming_duplicated,
    incoming_from_nowhere,
    refused_although_stored,
    outgoing_lost,
    outgoing_duplicated,
    outgoing_from_nowhere,
    given_up_without_cause,
    state_regressed,
    state_wrong,
)
"""What became of texts and states. Every scenario fails by these, whatever it is about."""
CONDUCT: tuple[Check, ...] = (
    reordered,
    called_while_throttled,
    secret_leaked,
    needless_call,
)
"""How the subject behaves on the way. These look at every scenario too, but what they find fails the requirement that
names them in `requirements.toml`."""
ALL: tuple[Check, ...] = (*RESULTS, *CONDUCT)


class UnknownCheck(ValueError):
    """No check has this name."""


def names(checks: Sequence[Check] = ALL) -> tuple[str, ...]:
    """The names of the checks."""
    return tuple(check.__name__ for check in checks)


def judge(history: History, checks: Sequence[Check] = ALL, *, without: Sequence[str] = ()) -> list[Violation]:
    """All violations that these checks find in a history, without the checks named in `without`.

    UnknownCheck for an unknown name.
    """
    unknown = set(without) - set(names())
    if unknown:
        raise UnknownCheck(f"unknown check {', '.join(sorted(unknown))}; known: {', '.join(names())}")
    return [violation for check in checks if check.__name__ not in without for violation in check(history)]


__all__ = ["ALL", "CONDUCT", "RESULTS", "Check", "UnknownCheck", "Violation", "judge", "names"]
