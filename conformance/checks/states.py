"""States: does CHT end up with the state that RapidPro has, and never go backwards on the way?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from conformance.checks.outgoing import NOT_SENT
from conformance.checks.violation import Violation, shown
from conformance.history.causes import changed_by_relay, taken_back, was_on_its_way
from conformance.history.model import History, OutgoingText
from conformance.history.others import was_failed

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
    """The relay set a task's state back to an earlier one, or from delivered to anything else.

    Any state may follow `failed`, since RapidPro itself revives failed messages. What CHT itself does to a state is not
    judged: some releases make a sent reminder wait again (cht-core issue 10802).
    """
    for text in history.outgoing_texts:
        places = [place for place, (state, _) in enumerate(text.states) if state in RANK]
        for earlier, later in itertools.pairwise(places):
            before, after = text.states[earlier][0], text.states[later][0]
            if not _goes_back(before, after) or not changed_by_relay(history, text, later):
                continue
            yield _wrong("state_regressed", text, f"went back from {before} to {after}")


def _goes_back(before: str, after: str) -> bool:
    return (before != "failed" and RANK[after] < RANK[before]) or (before == "delivered" and after == "failed")


def state_wrong(history: History) -> Iterator[Violation]:
    """At the end, the state of a text in CHT does not match its status in RapidPro.

    Texts that CHT itself keeps back, such as one of two equal ones, have no state that a relay could set. A relay may
    believe RapidPro that a text has failed, although a person can resend it, and a late report revive it.
    """
    by_key: dict[tuple[str, str], list[str]] = {}
    for message in history.messages:
        by_key.setdefault((message.number, message.text), []).append(message.status)
    texts: dict[tuple[str, str], list[OutgoingText]] = {}
    for text in history.outgoing_texts:
        texts.setdefault((text.number, text.text), []).append(text)
    for key, statuses in by_key.items():
        for text, status in _mismatches(history, texts.get(key, ()), statuses):
            if text.state == "failed" and was_failed(history, text):
                continue
            yield _wrong("state_wrong", text, f"is {text.state}, expected {EXPECTED[status]}: RapidPro says {status}")


def _mismatches(
    history: History, equal: Sequence[OutgoingText], statuses: Sequence[str]
) -> Iterator[tuple[OutgoingText, str]]:
    """Pairs that do not agree, of equal texts and of RapidPro's messages with that text, both in the order of states.

    A message may belong to a text that CHT has kept back since: to one that was on its way, or if there are more
    messages than other texts.
    """
    judged = sorted((one for one in equal if one.state not in NOT_SENT), key=lambda one: _rank(one.state))
    kept_back = [one for one in equal if one.state in NOT_SENT]
    were_sent = sum(was_on_its_way(one) for one in kept_back)
    spare = max(were_sent, min(len(kept_back), len(statuses) - len(judged)))
    for status in sorted(statuses, key=lambda word: _rank(EXPECTED.get(word))):
        if judged and _agrees(history, judged[0], status):
            judged.pop(0)
        elif spare > 0:
            spare -= 1
        elif judged:
            yield judged.pop(0), status


def _rank(state: str | None) -> int:
    """A state's place in the order; one that nobody knows comes first."""
    return RANK.get(state or "", -1)


def _agrees(history: History, text: OutgoingText, status: str) -> bool:
    expected = EXPECTED.get(status)
    if expected is None or text.state == expected:
        return True
    reached = {state for state, _ in text.states}
    if expected in reached and (taken_back(text) or not changed_by_relay(history, text, len(text.states) - 1)):
        return True  # CHT itself, or somebody who uses it, has changed the state since
    if expected == "failed":
        return text.state == "delivered"
    return text.state != "failed" and _rank(text.state) > _rank(expected)


def _wrong(check: str, text: OutgoingText, what: str) -> Violation:
    sentence = f"{shown(text.text)} for {text.number} {what}"
    return Violation(check, "wrong-state", sentence, text.number, text.text, text.uuid)
