"""States: does CHT end up knowing what RapidPro knows, and never go backwards on the way?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from conformance.checks.violation import Violation, shown
from conformance.history.model import History, OutgoingText

RANK = {
    "scheduled": 0,
    "pending": 1,
    "forwarded-to-gateway": 2,
    "received-by-gateway": 3,
    "forwarded-by-gateway": 4,
    "sent": 5,
    "delivered": 6,
    "failed": 7,
}
"""How far a text has come, in CHT's words (cht-docs, `messaging/sms-states.md`)."""

EXPECTED = {
    "pending": "received-by-gateway",
    "initializing": "received-by-gateway",
    "queued": "received-by-gateway",
    "errored": "received-by-gateway",
    "wired": "forwarded-by-gateway",
    "sent": "sent",
    "resent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "failed": "failed",
}
"""How far CHT must know a text to be, by RapidPro's word for its message (cht-core, `api/src/services/rapidpro.js`;
`read` by its meaning: it was delivered)."""


def state_regressed(history: History) -> Iterator[Violation]:
    """A task's state went back: from delivered to anything, or to an earlier stage of its way.

    Out of `failed` any later report may lead, since RapidPro itself revives failed messages.
    """
    for due in history.outgoing_texts:
        states = [state for state, _ in due.states if state in RANK]
        for before, after in itertools.pairwise(states):
            if before != "failed" and RANK[after] < RANK[before]:
                yield _wrong("state_regressed", due, f"went back from {before} to {after}")
            elif before == "delivered" and after == "failed":
                yield _wrong("state_regressed", due, "went from delivered to failed")


def state_wrong(history: History) -> Iterator[Violation]:
    """At the end, CHT knows less of a text than RapidPro, or something else."""
    by_key: dict[tuple[str, str], list[str]] = {}
    for sent in history.messages:
        by_key.setdefault((sent.number, sent.text), []).append(sent.status)
    dues: dict[tuple[str, str], list[OutgoingText]] = {}
    for due in history.outgoing_texts:
        dues.setdefault((due.number, due.text), []).append(due)
    for key, statuses in by_key.items():
        unmatched = sorted(dues.get(key, ()), key=lambda one: RANK.get(one.state, -1))
        for status in sorted(statuses, key=lambda word: RANK.get(EXPECTED.get(word, ""), -1)):
            if not unmatched:
                break
            due = unmatched.pop(0)
            if not _agrees(due, status):
                expected = EXPECTED.get(status, "known")
                yield _wrong("state_wrong", due, f"is {due.state}, expected {expected}: RapidPro says {status}")


def _agrees(due: OutgoingText, status: str) -> bool:
    expected = EXPECTED.get(status)
    if expected is None or due.state == expected:
        return True
    reached = {state for state, _ in due.states}
    if expected == "failed":
        return due.state == "delivered" and "delivered" in reached
    if due.state == "failed" or due.state not in RANK:
        return False
    return RANK[due.state] >= RANK[expected] and expected != "delivered"


def _wrong(check: str, due: OutgoingText, what: str) -> Violation:
    return Violation(check, "wrong-state", f"{shown(due.text)} for {due.number} {what}")
