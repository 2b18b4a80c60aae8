"""From CHT to phone: does every text that is due arrive exactly once?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.checks.violation import Violation, shown
from conformance.history.model import History, OutgoingText

NOT_SENT = frozenset({"scheduled", "cleared", "clear", "muted", "denied", "duplicate"})
"""Task states in which CHT itself keeps a text back (cht-core, `shared-libs/task-utils`)."""


def _due(history: History) -> dict[tuple[str, str], list[OutgoingText]]:
    due: dict[tuple[str, str], list[OutgoingText]] = {}
    for text in history.outgoing_texts:
        due.setdefault((text.number, text.text), []).append(text)
    return due


def _arrived(history: History) -> Counter[tuple[str, str]]:
    """How many different messages arrived. RapidPro itself repeats a message after a late error report (courier,
    `backends/rapidpro/status.go`): that is no second sending by the relay."""
    seen: set[tuple[str, str, object]] = set()
    counted: Counter[tuple[str, str]] = Counter()
    for position, arrival in enumerate(history.arrivals):
        identity = arrival.message if arrival.message is not None else ("arrival", position)
        if (arrival.number, arrival.text, identity) not in seen:
            seen.add((arrival.number, arrival.text, identity))
            counted[arrival.number, arrival.text] += 1
    return counted


def outgoing_lost(history: History) -> Iterator[Violation]:
    """A text was due and not given up, and the phone never got it."""
    arrived = _arrived(history)
    for (number, text), due in _due(history).items():
        wanted = sum(one.state not in NOT_SENT and one.state != "failed" for one in due)
        if arrived[number, text] < wanted:
            states = ", ".join(sorted(one.state for one in due))
            yield Violation(
                "outgoing_lost",
                "lost",
                f"{shown(text)} for {number} was due {wanted} times, arrived {arrived[number, text]} times "
                f"(CHT's state: {states})",
            )


def outgoing_duplicated(history: History) -> Iterator[Violation]:
    """A phone got a text more often than it was due."""
    due = _due(history)
    for (number, text), count in _arrived(history).items():
        if (number, text) in due and count > len(due[number, text]):
            yield Violation(
                "outgoing_duplicated",
                "duplicated",
                f"{shown(text)} for {number} was due {len(due[number, text])} times, arrived {count} times",
            )


def outgoing_from_nowhere(history: History) -> Iterator[Violation]:
    """A phone got a text that neither CHT nor RapidPro's own flow sent."""
    known = {(text.number, text.text) for text in history.outgoing_texts} | set(history.flow_replies)
    for arrival in history.arrivals:
        if (arrival.number, arrival.text) not in known:
            yield Violation(
                "outgoing_from_nowhere",
                "from-nowhere",
                f"{arrival.number} received {shown(arrival.text)}, which CHT never sent",
            )


def given_up_without_cause(history: History) -> Iterator[Violation]:
    """CHT is told that a text failed, but RapidPro neither refused it (400) nor failed it."""
    failed = {(sent.number, sent.text) for sent in history.messages if sent.status == "failed"}
    refused = [call.body for call in history.calls if call.service == "rapidpro" and call.status == 400]
    for text in history.outgoing_texts:
        if text.state != "failed" or (text.number, text.text) in failed:
            continue
        if not any(text.number in body for body in refused):
            yield Violation(
                "given_up_without_cause",
                "lost",
                f"{shown(text.text)} for {text.number} is failed in CHT, but RapidPro neither refused nor failed it",
            )


def reordered(history: History) -> Iterator[Violation]:
    """Two texts for one phone went to RapidPro in another order than they became due. Equal times have no order."""
    since: dict[tuple[str, str], OutgoingText] = {
        key: due[0] for key, due in _due(history).items() if len(due) == 1 and due[0].since is not None
    }
    last: dict[str, OutgoingText] = {}
    for sent in sorted(history.messages, key=lambda one: (one.created, str(one.id).zfill(20))):
        due = since.get((sent.number, sent.text))
        if due is None or due.since is None:
            continue
        before = last.get(sent.number)
        if before is not None and before.since is not None and before.since > due.since:
            yield Violation(
                "reordered",
                "reordered",
                f"{shown(due.text)} for {sent.number} became due before {shown(before.text)} but was sent after it",
            )
        last[sent.number] = due
