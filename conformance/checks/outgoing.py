"""From CHT to phone: does every outgoing text arrive exactly once?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.checks.violation import Violation, shown
from conformance.history.causes import times_taken_back, told
from conformance.history.model import History, OutgoingText
from conformance.history.others import (
    accepted_without_message,
    asked_by_relay,
    changed_in_cht,
    chosen_by_rapidpro,
    times_handed_out,
    was_failed,
)
from conformance.history.words import often

NOT_SENT = frozenset({"scheduled", "cleared", "clear", "muted", "denied", "duplicate"})
"""Task states in which CHT itself does not send a text (cht-core, `shared-libs/task-utils`)."""
NO_FURTHER = frozenset({"pending", "forwarded-to-gateway", "received-by-gateway", "forwarded-by-gateway"})
"""States in which the relay does not say that a text was sent."""
LONGEST = 4096
"""The most characters that any version of RapidPro accepts."""
FEWEST_DIGITS, MOST_DIGITS = 7, 15
"""Digits of a number with its country code (ITU-T E.164)."""


def _on_phone(count: int) -> str:
    return f"arrived {often(count)}" if count else "never arrived"


def _outgoing(history: History) -> dict[tuple[str, str], list[OutgoingText]]:
    """The outgoing texts by (number, text)."""
    outgoing: dict[tuple[str, str], list[OutgoingText]] = {}
    for text in history.outgoing_texts:
        outgoing.setdefault((text.number, text.text), []).append(text)
    return outgoing


def arrived_texts(history: History) -> Counter[tuple[str, str]]:
    """How many different messages of the relay arrived. RapidPro itself resends a message after a late error report
    (courier, `backends/rapidpro/status.go`): then the relay has not sent it twice."""
    seen: set[tuple[str, str, object]] = set()
    counted: Counter[tuple[str, str]] = Counter()
    for position, arrival in enumerate(history.arrivals):
        if arrival.message in history.others:
            continue
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
    arrived = arrived_texts(history)
    handed_over = _handed_over(history)
    for (number, text), outgoing in _outgoing(history).items():
        missing = [one for one in outgoing if one.state not in NOT_SENT and one.state != "failed"]
        due, there = len(missing), max(arrived[number, text], handed_over[number, text])
        if there < due and there < sum(not _is_excused(history, one) for one in missing):
            states = ", ".join(sorted(one.state for one in outgoing))
            yield Violation(
                "outgoing_lost",
                "lost",
                f"{shown(text)} for {number} was due {often(due)}, {_on_phone(arrived[number, text])} "
                f"(CHT's state: {states})",
                number,
                text,
            )


def _is_excused(history: History, text: OutgoingText) -> bool:
    """Whether CHT had other words for this text, or RapidPro made no message of it and the relay says no more."""
    return changed_in_cht(history, text) or (text.state in NO_FURTHER and accepted_without_message(history, text))


def _handed_over(history: History) -> Counter[tuple[str, str]]:
    """How many messages RapidPro has that it did not fail, or that arrived although it failed them."""
    arrived = {arrival.message for arrival in history.arrivals}
    return Counter(
        (message.number, message.text)
        for message in history.messages
        if message.status != "failed" or message.id in arrived
    )


def outgoing_duplicated(history: History) -> Iterator[Violation]:
    """A phone got a text from the relay more often than CHT had it sent."""
    outgoing = _outgoing(history)
    for (number, text), count in arrived_texts(history).items():
        due = sum(1 + times_taken_back(one) for one in outgoing.get((number, text), ()))
        if due and count > due and count > times_handed_out(history, number, text):
            yield Violation(
                "outgoing_duplicated",
                "duplicated",
                f"{shown(text)} for {number} was due {often(len(outgoing[number, text]))}, {_on_phone(count)}",
                number,
                text,
            )


def outgoing_from_nowhere(history: History) -> Iterator[Violation]:
    """The relay had a text sent that CHT never had for this number, to a phone of the scenario or to a stranger's.

    Texts to strangers count only if the relay's own token asked for them.
    """
    known = {(text.number, text.text) for text in history.outgoing_texts} | set(history.flow_replies)
    for arrival in history.arrivals:
        key = (arrival.number, arrival.text)
        if key in known or arrival.message in history.others or times_handed_out(history, *key):
            continue
        if not chosen_by_rapidpro(history, *key):
            yield Violation(
                "outgoing_from_nowhere",
                "from-nowhere",
                f"{arrival.number} received {shown(arrival.text)}, which CHT never sent",
                *key,
            )
    arrived = {(arrival.number, arrival.text) for arrival in history.arrivals}
    known |= arrived | history.strangers.due
    for message in (*history.messages, *history.strangers.messages):
        key = (message.number, message.text)
        if key not in known and asked_by_relay(history, *key) and not times_handed_out(history, *key):
            yield Violation(
                "outgoing_from_nowhere",
                "from-nowhere",
                f"RapidPro was asked to send {shown(message.text)} to {message.number}, for whom CHT does not have it",
                *key,
            )


def given_up_without_cause(history: History) -> Iterator[Violation]:
    """The relay calls a text failed, but RapidPro neither refused it (400) nor failed it, nor could have sent it."""
    failed = {(message.number, message.text) for message in history.messages if message.status == "failed"}
    refused = [call.body for call in history.calls if call.service == "rapidpro" and call.status == 400]
    for text in history.outgoing_texts:
        if text.state != "failed" or (text.number, text.text) in failed or not told(history, text):
            continue
        if not (
            any(text.number in body for body in refused)
            or is_hopeless(text)
            or accepted_without_message(history, text)
            or was_failed(history, text)
        ):
            yield Violation(
                "given_up_without_cause",
                "lost",
                f"{shown(text.text)} for {text.number} is failed in CHT, but RapidPro neither refused nor failed it",
                text.number,
                text.text,
                text.uuid,
            )


def is_hopeless(text: OutgoingText) -> bool:
    """Whether every version of RapidPro refuses this text, so that a relay need not ask."""
    digits = text.number.removeprefix("+")
    return len(text.text) > LONGEST or not digits.isdigit() or not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS


def reordered(history: History) -> Iterator[Violation]:
    """Two texts for one phone were sent in a different order from that in which they became due. Ties have no order.

    CHT hands out texts by a date of its own; where that says otherwise, there is no order either.
    """
    unique = {key: texts[0] for key, texts in _outgoing(history).items() if len(texts) == 1}
    last: dict[str, OutgoingText] = {}
    for message in sorted(history.messages, key=lambda one: (one.created, len(str(one.id)), str(one.id))):
        text = unique.get((message.number, message.text))
        if text is None or text.since is None:
            continue
        before = last.get(message.number)
        if before is not None and before.since is not None and before.since > text.since and _first(text, before):
            yield Violation(
                "reordered",
                "reordered",
                f"{shown(text.text)} for {message.number} became due before {shown(before.text)} but was sent after it",
                text.number,
                text.text,
            )
        last[message.number] = text


def _first(text: OutgoingText, other: OutgoingText) -> bool:
    """Whether CHT hands out `text` before `other`."""
    return text.order is None or other.order is None or text.order <= other.order
