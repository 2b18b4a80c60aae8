"""On which events a verdict rests: for each check a rule, from its violation to calls, states and arrivals.

Where a check knows the calls, it names them itself. Else the rule of the check finds them by the phone's number, the
words, or the id of the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from conformance.checks import Violation
from conformance.checks.states import EXPECTED, RANK
from conformance.evidence.entries import Ref, carries, webhook_calls
from conformance.history.causes import REPORTED_AS
from conformance.history.model import GATEWAY_PATH, Call, History, Outcome, OutgoingText
from conformance.history.others import SURE_DIGITS, entries

MOST_OF_A_CHECK = 5
"""Violations of a check whose events are marked: a reason names no more either."""

Rule = Callable[[History, Violation], Iterable[Ref]]


def decisive(history: History, violations: Iterable[Violation]) -> frozenset[Ref]:
    """The events on which these violations rest. Empty if the history does not show any."""
    found: set[Ref] = set()
    counted: Counter[str] = Counter()
    for violation in violations:
        counted[violation.check] += 1
        if counted[violation.check] > MOST_OF_A_CHECK:
            continue
        rule = RULES.get(violation.check)
        if violation.calls:
            found.update(_refs(violation.calls))
        elif rule is not None:
            found.update(rule(history, violation))
    return frozenset(found)


def last_told(history: History, uuid: str, *words: str) -> list[Ref]:
    """The last call that told CHT a state of the text with this `uuid`: one of these `words` of a gateway, if given."""
    return _last(_told(history, uuid, *words))


def _refs(seqs: Iterable[int]) -> Iterator[Ref]:
    for seq in seqs:
        yield ("call", seq)


def _last(calls: Iterable[Call]) -> list[Ref]:
    """The last of these calls, if there is any."""
    found = list(calls)
    return [("call", found[-1].seq)] if found else []


def _texts(history: History, violation: Violation) -> list[OutgoingText]:
    """The texts in CHT that the violation is about."""
    if violation.id is not None:
        return [text for text in history.outgoing_texts if text.uuid == violation.id]
    return [text for text in history.outgoing_texts if (text.number, text.text) == (violation.number, violation.text)]


def _gateway(history: History) -> Iterator[Call]:
    return (call for call in history.calls if call.direction == "in" and call.path == GATEWAY_PATH)


def _sends(history: History, violation: Violation) -> list[Call]:
    """The requests to RapidPro to send these words to this number, or to a contact that is named in another way."""
    number, words = violation.number or "", violation.text or ""
    posted = (call for call in history.calls if call.service == "rapidpro" and call.method == "POST")
    return [call for call in posted if call.direction == "in" and carries(call.body, number, words)]


def _lost_on_its_way_out(history: History, violation: Violation) -> Iterator[Ref]:
    """The last request to send it; without one, the last exchange with CHT about it; without one, its state in CHT."""
    about = _last(_sends(history, violation))
    texts = _texts(history, violation)
    ids = {text.uuid for text in texts}
    about = about or _last(
        call for call in _gateway(history) if any(id_ in call.body or id_ in call.reply_body for id_ in ids)
    )
    yield from about or [("state", text.uuid, len(text.states) - 1) for text in texts]


def _sent_too_often(history: History, violation: Violation) -> Iterator[Ref]:
    """The requests to send it after as many as were due; without any, the surplus arrivals."""
    due = len(_texts(history, violation))
    surplus = [call for call in _sends(history, violation) if call.acted][due:][:MOST_OF_A_CHECK]
    yield from _refs(call.seq for call in surplus) if surplus else _arrivals(history, violation, due)


def _arrivals(history: History, violation: Violation, after: int = 0) -> list[Ref]:
    key = (violation.number, violation.text)
    found: list[Ref] = [("arrival", at) for at, one in enumerate(history.arrivals) if (one.number, one.text) == key]
    return found[after:]


def _sent_from_nowhere(history: History, violation: Violation) -> Iterator[Ref]:
    yield from _last(_sends(history, violation)) or _arrivals(history, violation)


def _told(history: History, uuid: str | None, *words: str) -> list[Call]:
    """The calls that told CHT a state of the text; one of these words, if any is given."""
    return [
        call
        for call in _gateway(history)
        for update in entries(call.body, "updates")
        if update.get("id") == uuid and (not words or update.get("status") in words)
    ]


def _given_up(history: History, violation: Violation) -> Iterator[Ref]:
    yield from _last(_told(history, violation.id, "FAILED")) or _last_states(history, violation)


def _last_states(history: History, violation: Violation) -> list[Ref]:
    return [("state", text.uuid, len(text.states) - 1) for text in _texts(history, violation)]


def _state_went_back(history: History, violation: Violation) -> Iterator[Ref]:
    """The first call that told an earlier state than the relay had told before."""
    furthest = -1
    for call in _gateway(history):
        for update in entries(call.body, "updates"):
            rank = RANK.get(REPORTED_AS.get(str(update.get("status")), ""), -1)
            if update.get("id") == violation.id and rank < furthest:
                yield ("call", call.seq)
                return
            if update.get("id") == violation.id:
                furthest = rank
    yield from _last_states(history, violation)


def _state_wrong(history: History, violation: Violation) -> Iterator[Ref]:
    """What the relay told CHT last; or, if it came later, the first answer of RapidPro that had the state."""
    told = _told(history, violation.id)
    learned = next(iter(_learned(history, violation)), None)
    if learned is not None and (not told or learned.seq > told[-1].seq):
        yield ("call", learned.seq)
    else:
        yield from _last(told) or _last_states(history, violation)


def _learned(history: History, violation: Violation) -> Iterator[Call]:
    """RapidPro's answers about the message that had its present status."""
    status = {
        str(one.id): one.status
        for one in history.messages
        if (one.number, one.text) == (violation.number, violation.text) and one.status in EXPECTED
    }
    for call in history.calls:
        if call.service == "rapidpro" and call.method == "GET" and call.status == 200:
            for row in entries(call.reply_body, "results"):
                if status.get(str(row.get("id")), "") == row.get("status"):
                    yield call


def _accepted_and_lost(history: History, violation: Violation) -> Iterator[Ref]:
    """Where the relay accepted the text, and the last time it handed it to CHT, if it ever did."""
    for text in history.incoming_texts:
        if (text.number, text.text) == (violation.number, violation.text) and text.outcome is Outcome.OK:
            calls = webhook_calls(history, text.id, text.number, text.text)
            yield from _refs(call.seq for call in calls if call.status and call.status < 300)
            by_id = _last(call for call in _gateway(history) if text.id in call.body)
            yield from by_id or _last(_handed_over(history, violation))


def _handed_over(history: History, violation: Violation) -> list[Call]:
    """The calls that brought CHT these words of this sender."""
    found = []
    for call in history.calls:
        if call.service == "cht" and call.direction == "in" and call.method == "POST" and call.acted:
            rows = entries(call.body, "messages")
            keys = {(str(row.get("from", ""))[-SURE_DIGITS:], row.get("content")) for row in rows}
            if ((violation.number or "")[-SURE_DIGITS:], violation.text) in keys:
                found.append(call)
    return found


def _stored_too_often(history: History, violation: Violation) -> Iterator[Ref]:
    calls = _handed_over(history, violation)
    yield from _refs(call.seq for call in calls[1:] or calls)  # one call may have brought it twice


def _stored_from_nowhere(history: History, violation: Violation) -> Iterator[Ref]:
    yield from _last(_handed_over(history, violation))


def _wrongly_refused(history: History, violation: Violation) -> Iterator[Ref]:
    yield from _last(webhook_calls(history, violation.id or "", violation.number or "", violation.text or ""))


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "incoming_lost": _accepted_and_lost,
        "incoming_duplicated": _stored_too_often,
        "incoming_from_nowhere": _stored_from_nowhere,
        "refused_although_stored": _wrongly_refused,
        "outgoing_lost": _lost_on_its_way_out,
        "outgoing_duplicated": _sent_too_often,
        "outgoing_from_nowhere": _sent_from_nowhere,
        "given_up_without_cause": _given_up,
        "state_regressed": _state_went_back,
        "state_wrong": _state_wrong,
        "reordered": _sent_from_nowhere,
    }
)
"""The rule of each check that does not name the calls itself."""
