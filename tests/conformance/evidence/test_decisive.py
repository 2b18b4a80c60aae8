"""The decisive call: each check leads to the calls, states or arrivals on which its verdict rests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pytest

from conformance.checks import ALL, judge, names
from conformance.evidence.decisive import MOST_OF_A_CHECK, RULES, decisive
from conformance.evidence.entries import Ref
from conformance.history.model import Arrival, History, IncomingText, Message, Outcome, OutgoingText, StoredReport
from tests.conformance.evidence.histories import (
    AMINA,
    YUSUF,
    at,
    call,
    handed_over,
    look_up,
    poll,
    send,
    told,
    webhook,
)

RELAY = {"authorization": "Token [hidden:rapidpro:relay]"}
TEXT = IncomingText("run-1", AMINA, "I am ill", Outcome.OK, at(60))
ROW = {"from": AMINA, "content": "I am ill"}
REPORT = StoredReport(AMINA, "I am ill", "run-1")
DUE = OutgoingText("u-1", YUSUF, "Visit @ nine", "pending", at(0), (("pending", at(0)),))
MESSAGE = Message(8001, YUSUF, "Visit @ nine", "delivered", at(240))
ARRIVAL = Arrival(YUSUF, "Visit @ nine", at(300), 8001)
OUT = json.dumps({"messages": [{"id": "u-1", "to": YUSUF, "content": "Visit @ nine"}]})


def states(*words: str) -> OutgoingText:
    way: tuple[tuple[str, datetime], ...] = tuple((word, at(60 * place)) for place, word in enumerate(words))
    return replace(DUE, states=way, state=words[-1])


CASES: Mapping[str, tuple[str, History, set[Ref]]] = {
    "accepted, handed to CHT in vain, and dropped": (
        "incoming_lost",
        History(
            incoming_texts=(TEXT,),
            calls=(
                webhook(1, "run-0", "other"),
                webhook(2, "run-1", "I am ill"),
                handed_over(3, "run-1", "I am ill", status=500),
                handed_over(4, "run-1", "I am ill", status=503),
                poll(5),
            ),
        ),
        {("call", 2), ("call", 4)},
    ),
    "accepted and never handed over": (
        "incoming_lost",
        History(incoming_texts=(TEXT,), calls=(webhook(1, "run-1", "I am ill"), poll(2))),
        {("call", 1)},
    ),
    "accepted under an id that the flow chose": (
        "incoming_lost",
        History(
            incoming_texts=(TEXT,),
            calls=(
                webhook(1, "contact-1", "I am well"),
                webhook(2, "contact-1", "I am ill"),
                handed_over(3, "contact-1", "I am well"),
            ),
        ),
        {("call", 2)},
    ),
    "handed over twice": (
        "incoming_duplicated",
        History(
            incoming_texts=(TEXT,),
            reports=(REPORT, replace(REPORT, ref="run-1b")),
            calls=(
                webhook(1, "run-1", "I am ill"),
                handed_over(2, "run-1", "I am ill"),
                handed_over(3, "run-1b", "I am ill"),
            ),
        ),
        {("call", 3)},
    ),
    "handed over twice in one call": (
        "incoming_duplicated",
        History(
            incoming_texts=(TEXT,),
            reports=(REPORT, replace(REPORT, ref="run-1b")),
            calls=(poll(2, json.dumps({"messages": [{"id": id_, **ROW} for id_ in ("run-1", "run-1b")]})),),
        ),
        {("call", 2)},
    ),
    "a report that nobody sent": (
        "incoming_from_nowhere",
        History(reports=(REPORT,), calls=(poll(1), handed_over(2, "run-1", "I am ill"), poll(3))),
        {("call", 2)},
    ),
    "refused, but stored": (
        "refused_although_stored",
        History(
            incoming_texts=(replace(TEXT, outcome=Outcome.REFUSED),),
            reports=(REPORT,),
            calls=(webhook(1, "run-1", "I am ill", 500), handed_over(2, "run-1", "I am ill")),
        ),
        {("call", 1)},
    ),
    "fetched and never sent": (
        "outgoing_lost",
        History(outgoing_texts=(DUE,), calls=(poll(1), poll(2, reply=OUT), poll(3))),
        {("call", 2)},
    ),
    "never fetched": ("outgoing_lost", History(outgoing_texts=(DUE,), calls=(poll(1),)), {("state", "u-1", 0)}),
    "sent once, refused, and given up": (
        "outgoing_lost",
        History(
            outgoing_texts=(DUE,),
            calls=(poll(1, reply=OUT), send(2, "Visit @@ nine", YUSUF, status=503, acted=False), poll(3)),
        ),
        {("call", 2)},
    ),
    "sent again after a lost answer": (
        "outgoing_duplicated",
        History(
            outgoing_texts=(DUE,),
            arrivals=(ARRIVAL, replace(ARRIVAL, message=8002)),
            calls=(
                send(1, "Visit @@ nine", AMINA),
                send(2, "Visit @@ nine", YUSUF, status=None, fault="lose_reply#1"),
                send(3, "Visit @@ nine", YUSUF, status=503, acted=False),
                send(4, "Visit @@ nine", YUSUF),
            ),
        ),
        {("call", 4)},
    ),
    "two urns of one person in one request": (
        "outgoing_duplicated",
        History(
            outgoing_texts=(DUE,),
            arrivals=(ARRIVAL, replace(ARRIVAL, message=8002)),
            calls=(send(1, "Visit @@ nine", YUSUF),),
        ),
        {("arrival", 1)},
    ),
    "words that CHT never had": (
        "outgoing_from_nowhere",
        History(arrivals=(ARRIVAL,), calls=(send(1, "other", YUSUF), send(2, "Visit @@ nine", YUSUF, headers=RELAY))),
        {("call", 2)},
    ),
    "words that RapidPro was asked to send": (
        "outgoing_from_nowhere",
        History(messages=(MESSAGE,), calls=(send(1, "other", AMINA), send(2, "Visit @@ nine", YUSUF, headers=RELAY))),
        {("call", 2)},
    ),
    "failed in CHT alone": (
        "given_up_without_cause",
        History(
            outgoing_texts=(states("pending", "failed"),),
            calls=(poll(1, reply=OUT), told(2, "u-1", "UNSENT"), told(3, "u-1", "FAILED"), told(4, "u-2", "FAILED")),
        ),
        {("call", 3)},
    ),
    "back from delivered to sent, and forward again": (
        "state_regressed",
        History(
            outgoing_texts=(states("pending", "delivered", "sent", "delivered"),),
            calls=(told(1, "u-1", "DELIVERED"), told(2, "u-1", "SENT"), told(3, "u-1", "DELIVERED")),
        ),
        {("call", 2)},
    ),
    "told the wrong state after it had learned the right one": (
        "state_wrong",
        History(
            outgoing_texts=(states("pending", "sent"),),
            messages=(MESSAGE,),
            calls=(look_up(1, "sent"), look_up(2, "delivered"), told(3, "u-1", "SENT"), look_up(4, "delivered")),
        ),
        {("call", 3)},
    ),
    "never told what it had learned": (
        "state_wrong",
        History(
            outgoing_texts=(states("pending", "sent"),),
            messages=(MESSAGE,),
            calls=(told(1, "u-1", "SENT"), look_up(2, "sent"), look_up(3, "delivered"), look_up(4, "delivered")),
        ),
        {("call", 3)},
    ),
    "never asked": (
        "state_wrong",
        History(outgoing_texts=(states("pending", "sent"),), messages=(MESSAGE,), calls=(told(1, "u-1", "SENT"),)),
        {("call", 1)},
    ),
    "sent in the wrong order": (
        "reordered",
        History(
            outgoing_texts=(DUE, replace(DUE, uuid="u-2", text="second", since=at(30))),
            messages=(replace(MESSAGE, text="second"), replace(MESSAGE, id=8002, created=at(400))),
            calls=(send(1, "second", YUSUF), send(2, "Visit @@ nine", YUSUF)),
        ),
        {("call", 2)},
    ),
    "asked again while throttled": (
        "called_while_throttled",
        History(calls=(poll(1), send(2, "Visit", status=429, reply_headers={"retry-after": "600"}), send(3, "Visit"))),
        {("call", 2), ("call", 3)},
    ),
    "a secret in a body": (
        "secret_leaked",
        History(calls=(send(1, "Visit"), send(2, "[hidden:rapidpro:relay]"))),
        {("call", 2)},
    ),
    "a secret in the relay's own answer": (
        "secret_leaked",
        History(calls=(send(1, "Visit"), webhook(2, "run-1", "I am ill", reply_body="[hidden:rapidpro:relay]"))),
        {("call", 2)},
    ),
    "a secret in its output": ("secret_leaked", History(output=("[hidden:rapidpro:relay]",)), set()),
    "a request that nobody needs": (
        "needless_call",
        History(calls=(send(1, "Visit"), call(2, method="GET", path="/api/v2/globals.json", status=200))),
        {("call", 2)},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_violation_leads_to_what_it_rests_on(name: str) -> None:
    check, history, expected = CASES[name]
    found = [violation for violation in judge(history, ALL) if violation.check == check]
    assert found, "the history must break the check"
    assert decisive(history, found) == expected


def test_every_check_has_a_case_and_a_rule_or_names_the_calls_itself() -> None:
    assert {check for check, _, _ in CASES.values()} == set(names(ALL))
    assert set(RULES) | {"called_while_throttled", "secret_leaked", "needless_call"} == set(names(ALL))


def test_of_many_violations_of_a_check_only_the_first_are_marked() -> None:
    history = History(calls=tuple(send(seq, "[hidden:rapidpro:relay]") for seq in range(1, 30)))
    found = judge(history, ALL, without=[name for name in names(ALL) if name != "secret_leaked"])
    assert decisive(history, found) == {("call", seq) for seq in range(1, MOST_OF_A_CHECK + 1)}


def test_a_history_without_violations_has_nothing_decisive() -> None:
    assert decisive(History(calls=(send(1, "Visit"),)), []) == frozenset()
