"""Lost, doubled, from nowhere and out of order, at the borders: equal texts, several attempts, ties."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.checks import RESULTS, judge
from conformance.checks.figures import calls_per_text, seconds_to_phone
from conformance.checks.outgoing import reordered
from conformance.history.model import Call, History, IncomingText, Message, Outcome, OutgoingText
from tests.conformance.checks.test_checks import AMINA, RIGHT, YUSUF, arrival, call, due, sent, text_in

UNKNOWN, REFUSED, OK = Outcome.UNKNOWN, Outcome.REFUSED, Outcome.OK


def found(history: History) -> list[str]:
    """The checks of texts and states that find something."""
    return [violation.check for violation in judge(history, (*RESULTS, reordered))]


@pytest.mark.parametrize("outcomes", [(OK, OK), (UNKNOWN, UNKNOWN), (OK, UNKNOWN)])
def test_equal_texts_of_one_person_may_each_be_stored_once(outcomes: tuple[Outcome, ...]) -> None:
    texts = tuple(text_in(outcome, f"run-{place}") for place, outcome in enumerate(outcomes))
    assert found(replace(RIGHT, incoming_texts=texts, reports=RIGHT.reports * 2)) == []
    assert found(replace(RIGHT, incoming_texts=texts, reports=RIGHT.reports * 3)) == ["incoming_duplicated"]


@pytest.mark.parametrize(
    ("texts", "checks"),
    [
        ((text_in(UNKNOWN), text_in(REFUSED)), ["refused_although_stored"]),
        ((text_in(REFUSED), text_in(OK)), []),
        ((text_in(OK), text_in(REFUSED, "run-2")), []),
        ((text_in(OK, text="other"), text_in(REFUSED, "run-2")), ["incoming_lost", "refused_although_stored"]),
    ],
)
def test_the_last_answer_about_a_text_must_be_true(texts: tuple[IncomingText, ...], checks: list[str]) -> None:
    assert found(replace(RIGHT, incoming_texts=texts)) == checks


def test_arrivals_of_unknown_messages_are_counted_one_by_one() -> None:
    twice = replace(RIGHT, arrivals=(arrival(message=None), arrival(message=None, seconds=90)))
    assert found(twice) == ["outgoing_duplicated"]
    assert found(replace(twice, outgoing_texts=(due(), due()))) == []


@pytest.mark.parametrize("state", ["scheduled", "cleared", "clear", "muted", "denied", "duplicate", "failed"])
def test_a_text_that_cht_keeps_back_or_has_given_up_is_not_lost(state: str) -> None:
    history = replace(RIGHT, outgoing_texts=(due(state),), messages=(), arrivals=())
    assert "outgoing_lost" not in found(history)
    assert "outgoing_lost" in found(replace(history, outgoing_texts=(due(state), due("pending"))))


FAILED = due("failed", "hello", YUSUF, 0, "pending", "failed")


@pytest.mark.parametrize(
    ("outgoing", "refusal", "checks"),
    [
        ((FAILED,), call(5, 400, body=YUSUF), []),
        ((FAILED,), call(5, 500, body=YUSUF), ["given_up_without_cause"]),
        ((FAILED,), call(5, 400, body=AMINA), ["given_up_without_cause"]),
        ((FAILED,), call(5, 400, service="cht", body=YUSUF), ["given_up_without_cause"]),
        ((due("muted", "other", AMINA), FAILED), call(5, 500), ["given_up_without_cause"]),
    ],
)
def test_a_text_fails_only_if_rapidpro_refused_a_request_for_its_number(
    outgoing: tuple[OutgoingText, ...], refusal: Call, checks: list[str]
) -> None:
    history = replace(RIGHT, outgoing_texts=outgoing, messages=(), arrivals=(), calls=(refusal,))
    assert found(history) == checks


FIRST, SECOND = due(text="first"), due(text="second", since=30)
NEVER_PENDING = replace(due(text="third"), since=None)


def message(text: str, id_: int, seconds: float = 50) -> Message:
    return sent(text=text, id_=id_, seconds=seconds)


@pytest.mark.parametrize(
    ("outgoing", "messages", "wrong"),
    [
        ((FIRST, SECOND), (message("first", 2, 60), message("second", 1)), True),
        ((FIRST, SECOND), (message("first", 1), message("second", 2, 60)), False),
        # Created in the same moment: in the order of the ids, which are numbers.
        ((FIRST, SECOND), (message("second", 10), message("first", 9)), False),
        ((FIRST, SECOND), (message("second", 12), message("first", 11)), False),
        ((FIRST, SECOND), (message("first", 10), message("second", 9)), True),
        # Due in the same moment: no order.
        ((FIRST, due(text="second")), (message("second", 1), message("first", 2)), False),
        # Equal texts cannot be told apart, and a text that was never pending has no time.
        ((due(), SECOND, due(since=60)), (message("hello", 1), message("second", 2), message("hello", 3)), False),
        ((NEVER_PENDING, SECOND), (message("second", 1), message("third", 2)), False),
        # What nobody ordered is passed over; another phone has its own order.
        ((FIRST, SECOND), (message("news", 1), message("second", 2), message("first", 3)), True),
        ((due(text="first", number=AMINA), SECOND), (message("second", 1), sent(text="first", number=AMINA)), False),
    ],
)
def test_texts_for_one_phone_are_sent_in_the_order_in_which_they_became_due(
    outgoing: tuple[OutgoingText, ...], messages: tuple[Message, ...], wrong: bool
) -> None:
    history = History(outgoing_texts=outgoing, messages=messages)
    assert ("reordered" in found(history)) is wrong


def test_calls_to_rapidpro_are_divided_by_the_texts() -> None:
    calls = (call(1), call(2, direction="out"), call(3, service="cht"))
    assert calls_per_text(History(calls=calls, outgoing_texts=(due(), due()))) == 0.5
    assert calls_per_text(History(outgoing_texts=(due(),))) == 0


def test_equal_texts_arrive_in_the_order_in_which_they_were_due() -> None:
    outgoing = (due(since=30), replace(due(), since=None), due(since=10), due(text="other"))
    arrivals = (arrival(seconds=100), arrival(seconds=50), arrival("from nowhere"), arrival(seconds=200))
    assert seconds_to_phone(History(outgoing_texts=outgoing, arrivals=arrivals)) == [40, 70]


def test_a_text_that_cht_has_may_be_asked_for_before_it_arrives() -> None:
    asked = call(5, headers={"authorization": "Token [hidden:rapidpro:relay]"}, body=YUSUF)
    assert found(replace(RIGHT, arrivals=(), calls=(asked,))) == []
