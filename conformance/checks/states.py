"""States: does CHT end up with the state that RapidPro has, and never go backwards on the way?"""

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
"""The order of CHT's states (cht-docs, `messaging/sms-states.md`)."""

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
"""The state that CHT must have at least, by RapidPro's status of the message (cht-core, `api/src/services/rapidpro.js`;
`read` by its meaning: the message was delivered)."""


def state_regressed(history: History) -> Iterator[Violation]:
    """A task's state went back to an earlier one, or from delivered to anything else.

    Any state may follow `failed`, since RapidPro itself revives failed messages.
    """
    for text in history.outgoing_texts:
        states = [state for state, _ in text.states if state in RANK]
        for before, after in itertools.pairwise(states):
            if before != "failed" and RANK[after] < RANK[before]:
                yield _wrong("state_regressed", text, f"went back from {before} to {after}")
            elif before == "delivered" and after == "failed":
                yield _wrong("state_regressed", text, "went from delivered to failed")


def state_wrong(history: History) -> Iterator[Violation]:
    """At the end, the state of a text in CHT does not match its status in RapidPro."""
    by_key: dict[tuple[str, str], list[str]] = {}
    for message in history.messages:
        by_key.setdefault((message.number, message.text), []).append(message.status)
    texts: dict[tuple[str, str], list[OutgoingText]] = {}
    for text in history.outgoing_texts:
        texts.setdefault((text.number, text.text), []).append(text)
    for key, statuses in by_key.items():
        unmatched = sorted(texts.get(key, ()), key=lambda one: RANK.get(one.state, -1))
        for status in sorted(statuses, key=lambda word: RANK.get(EXPECTED.get(word, ""), -1)):
            if not unmatched:
                break
            text = unmatched.pop(0)
            if not _agrees(text, status):
                expected = EXPECTED.get(status, "known")
                yield _wrong("state_wrong", text, f"is {text.state}, expected {expected}: RapidPro says {status}")


def _agrees(text: OutgoingText, status: str) -> bool:
    expected = EXPECTED.get(status)
    if expected is None or text.state == expected:
        return True
    reached = {state for state, _ in text.states}
    if expected == "failed":
        return text.state == "delivered" and "delivered" in reached
    if text.state == "failed" or text.state not in RANK:
        return False
    return RANK[text.state] >= RANK[expected] and expected != "delivered"


def _wrong(check: str, text: OutgoingText, what: str) -> Violation:
    return Violation(check, "wrong-state", f"{shown(text.text)} for {text.number} {what}")
