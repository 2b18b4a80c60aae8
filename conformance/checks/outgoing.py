"""From CHT to phone: does every outgoing text arrive exactly once?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.checks.violation import Violation, shown
from conformance.history.causes import asked_by_relay, sent_by_others
from conformance.history.model import History, OutgoingText

NOT_SENT = frozenset({"scheduled", "cleared", "clear", "muted", "denied", "duplicate"})
"""Task states in which CHT itself does not send a text (cht-core, `shared-libs/task-utils`)."""


def _outgoing(history: History) -> dict[tuple[str, str], list[OutgoingText]]:
    """The outgoing texts by (number, text)."""
    outgoing: dict[tuple[str, str], list[OutgoingText]] = {}
    for text in history.outgoing_texts:
        outgoing.setdefault((text.number, text.text), []).append(text)
    return outgoing


def _arrived(history: History) -> Counter[tuple[str, str]]:
    """How many different messages arrived. RapidPro itself resends a message after a late error report (courier,
    `backends/rapidpro/status.go`): then the relay has not sent it twice."""
    seen: set[tuple[str, str, object]] = set()
    counted: Counter[tuple[str, str]] = Counter()
    for position, arrival in enumerate(history.arrivals):
        identity = arrival.message if arrival.message is not None else (position,)
        if (arrival.number, arrival.text, identity) not in seen:
            seen.add((arrival.number, arrival.text, identity))
            counted[arrival.number, arrival.text] += 1
    return counted


def outgoing_lost(history: History) -> Iterator[Violation]:
    """A text was due and did not fail, and neither did the phone get it nor has RapidPro a message with it.

    A message that RapidPro has, and has not failed, is no longer in the relay's hands: if RapidPro or the aggregator
    loses it, the relay cannot know (rapidpro issue 1386: reported as delivered, never received).
    """
    arrived = _arrived(history)
    handed_over = _handed_over(history)
    for (number, text), outgoing in _outgoing(history).items():
        due = sum(one.state not in NOT_SENT and one.state != "failed" for one in outgoing)
        if max(arrived[number, text], handed_over[number, text]) < due:
            states = ", ".join(sorted(one.state for one in outgoing))
            yield Violation(
                "outgoing_lost",
                "lost",
                f"{shown(text)} for {number} was due {due} times, arrived {arrived[number, text]} times "
                f"(CHT's state: {states})",
            )


def _handed_over(history: History) -> Counter[tuple[str, str]]:
    """How many messages RapidPro has that it did not fail, or that arrived although it failed them."""
    arrived = {arrival.message for arrival in history.arrivals}
    return Counter(
        (message.number, message.text)
        for message in history.messages
        if message.status != "failed" or message.id in arrived
    )


def outgoing_duplicated(history: History) -> Iterator[Violation]:
    """A phone got a text more often than it was due."""
    outgoing = _outgoing(history)
    for (number, text), count in _arrived(history).items():
        if (number, text) in outgoing and count > len(outgoing[number, text]):
            yield Violation(
                "outgoing_duplicated",
                "duplicated",
                f"{shown(text)} for {number} was due {len(outgoing[number, text])} times, arrived {count} times",
            )


def outgoing_from_nowhere(history: History) -> Iterator[Violation]:
    """A text that CHT never had for this number is on a phone, or the relay had RapidPro send it.

    What RapidPro's own flow and others in the workspace send is not the relay's. Texts to strangers count only if the
    relay's own token asked for them.
    """
    known = {(text.number, text.text) for text in history.outgoing_texts} | set(history.flow_replies)
    for arrival in history.arrivals:
        key = (arrival.number, arrival.text)
        if key not in known and not sent_by_others(history, *key):
            yield Violation(
                "outgoing_from_nowhere",
                "from-nowhere",
                f"{arrival.number} received {shown(arrival.text)}, which CHT never sent",
            )
    arrived = {(arrival.number, arrival.text) for arrival in history.arrivals}
    known |= arrived | history.strangers.due
    for message in (*history.messages, *history.strangers.messages):
        key = (message.number, message.text)
        if key not in known and asked_by_relay(history, *key):
            yield Violation(
                "outgoing_from_nowhere",
                "from-nowhere",
                f"RapidPro was asked to send {shown(message.text)} to {message.number}, for whom CHT does not have it",
            )


def given_up_without_cause(history: History) -> Iterator[Violation]:
    """A text is failed in CHT, but RapidPro neither refused it (400) nor failed it."""
    failed = {(message.number, message.text) for message in history.messages if message.status == "failed"}
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
    """Two texts for one phone were sent in a different order from that in which they became due. Ties have no order."""
    unique = {key: texts[0] for key, texts in _outgoing(history).items() if len(texts) == 1}
    last: dict[str, OutgoingText] = {}
    for message in sorted(history.messages, key=lambda one: (one.created, len(str(one.id)), str(one.id))):
        text = unique.get((message.number, message.text))
        if text is None or text.since is None:
            continue
        before = last.get(message.number)
        if before is not None and before.since is not None and before.since > text.since:
            yield Violation(
                "reordered",
                "reordered",
                f"{shown(text.text)} for {message.number} became due before {shown(before.text)} but was sent after it",
            )
        last[message.number] = text
