"""What a violation says: its kind, the text, the number, and the figures that show what is wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from conformance.checks import UnknownCheck, judge
from conformance.checks.violation import Violation, shown
from conformance.history.model import History, Outcome, StoredReport
from tests.conformance.checks.test_checks import AMINA, RIGHT, YUSUF, arrival, call, due, sent, text_in


def sentences(check: str, history: History) -> list[str]:
    return [str(violation) for violation in judge(history) if violation.check == check]


@pytest.mark.parametrize(
    ("check", "history", "sentence"),
    [
        (
            "incoming_lost",
            replace(RIGHT, incoming_texts=(text_in(), text_in(id_="run-2"))),
            f"lost: 'I am ill' from {AMINA} was accepted twice, CHT has it once",
        ),
        (
            "incoming_lost",
            replace(RIGHT, reports=()),
            f"lost: 'I am ill' from {AMINA} was accepted once, CHT does not have it",
        ),
        (
            "outgoing_lost",
            replace(RIGHT, arrivals=(), messages=(), outgoing_texts=(due("pending"),)),
            f"lost: 'hello' for {YUSUF} was due once, never arrived (CHT's state: pending)",
        ),
        (
            "incoming_duplicated",
            replace(RIGHT, reports=RIGHT.reports * 2),
            f"duplicated: 'I am ill' from {AMINA} was sent once, CHT has it twice",
        ),
        (
            "incoming_from_nowhere",
            replace(RIGHT, reports=(*RIGHT.reports, StoredReport(YUSUF, "I am well", "run-9"))),
            f"from-nowhere: CHT has 'I am well' from {YUSUF}, which nobody sent",
        ),
        (
            "refused_although_stored",
            replace(RIGHT, incoming_texts=(text_in(Outcome.REFUSED),)),
            f"wrong-answer: 'I am ill' from {AMINA} was refused, but CHT has it",
        ),
        (
            "outgoing_lost",
            replace(RIGHT, outgoing_texts=(due("sent"), due("pending"))),
            f"lost: 'hello' for {YUSUF} was due twice, arrived once (CHT's state: pending, sent)",
        ),
        (
            "outgoing_duplicated",
            replace(RIGHT, arrivals=(arrival(), arrival(message=8002))),
            f"duplicated: 'hello' for {YUSUF} was due once, arrived twice",
        ),
        (
            "outgoing_from_nowhere",
            replace(RIGHT, arrivals=(arrival(), arrival("surprise", message=8002))),
            f"from-nowhere: {YUSUF} received 'surprise', which CHT never sent",
        ),
        (
            "outgoing_from_nowhere",
            replace(
                RIGHT,
                messages=(sent(), sent(text="surprise", id_=8002)),
                calls=(call(5, headers={"authorization": "Token [hidden:rapidpro:relay]"}, body=YUSUF),),
            ),
            f"from-nowhere: RapidPro was asked to send 'surprise' to {YUSUF}, for whom CHT does not have it",
        ),
        (
            "given_up_without_cause",
            replace(RIGHT, outgoing_texts=(due("failed"),), messages=()),
            f"lost: 'hello' for {YUSUF} is failed in CHT, but RapidPro neither refused nor failed it",
        ),
        (
            "reordered",
            replace(
                RIGHT,
                outgoing_texts=(due(), due(text="second", since=30)),
                messages=(sent(seconds=50, id_=8002), sent(text="second", seconds=40)),
            ),
            f"reordered: 'hello' for {YUSUF} became due before 'second' but was sent after it",
        ),
        (
            "state_regressed",
            replace(RIGHT, outgoing_texts=(due("sent", "hello", YUSUF, 0, "pending", "delivered", "sent"),)),
            f"wrong-state: 'hello' for {YUSUF} went back from delivered to sent",
        ),
        (
            "state_wrong",
            replace(RIGHT, outgoing_texts=(due("sent", "hello", YUSUF, 0, "pending", "sent"),)),
            f"wrong-state: 'hello' for {YUSUF} is sent, expected delivered: RapidPro says delivered",
        ),
        (
            "called_while_throttled",
            replace(RIGHT, calls=(call(0, 429, reply_headers={"retry-after": "60"}), call(30.25))),
            "throttle-ignored: POST /api/v2/broadcasts.json came 30.2 s after a 429 that asked for 60 s",
        ),
        (
            "needless_call",
            replace(RIGHT, calls=(call(5, path="/api/v2/groups.json"),)),
            "needless: rapidpro: POST /api/v2/groups.json: no relay needs this to send, find and follow texts",
        ),
    ],
)
def test_a_violation_says_of_which_kind_it_is_and_what_happened_to_whom(
    check: str, history: History, sentence: str
) -> None:
    assert sentences(check, history) == [sentence]


@pytest.mark.parametrize("place", ["path", "query", "body", "x-debug"])
def test_a_leaked_secret_is_named_with_its_place(place: str) -> None:
    secret = "[hidden:rapidpro:relay]"
    changes: dict[str, Any] = {"headers": {place: secret}} if place == "x-debug" else {place: secret}
    leak = call(5, **changes)
    (sentence,) = sentences("secret_leaked", replace(RIGHT, calls=(leak,)))
    assert sentence.startswith("secret-leaked: POST ")
    assert re.search(rf"\b{place}\b.*\brapidpro:relay\b", sentence)


def test_a_violation_is_its_kind_and_its_sentence() -> None:
    assert str(Violation("outgoing_lost", "lost", "'hello' was lost")) == "lost: 'hello' was lost"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hello", "'hello'"),
        ("it's\n", '"it\'s\\n"'),
        ("x" * 60, f"'{'x' * 60}'"),
        ("x" * 61, f"'{'x' * 60}…'"),
    ],
)
def test_a_text_is_quoted_and_a_long_one_is_cut(text: str, sentence: str) -> None:
    assert shown(text) == sentence


def test_all_unknown_names_of_checks_are_listed_in_order() -> None:
    with pytest.raises(UnknownCheck, match=r"^unknown check lost, twice; known: incoming_lost, incoming_duplicated, "):
        judge(RIGHT, without=("twice", "incoming_lost", "lost"))
