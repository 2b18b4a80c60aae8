"""Where the relay's deeds end and those of others begin, at the borders."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from conformance.checks.outgoing import is_hopeless, outgoing_duplicated, reordered
from conformance.history.causes import times_taken_back
from conformance.history.model import History
from tests.conformance.checks.test_checks import YUSUF, arrival, at, due, sent

ASKED_AGAIN = due("delivered", "hello", YUSUF, 0, "pending", "sent", "pending", "sent", "delivered")


@pytest.mark.parametrize(
    ("states", "times"),
    [
        (("pending", "sent"), 0),
        (("pending", "sent", "pending"), 1),
        (("pending", "sent", "scheduled", "pending", "sent"), 1),  # it waits once, in two states
        (("pending", "sent", "pending", "sent", "pending"), 2),
        (("scheduled", "pending", "forwarded-to-gateway", "pending"), 0),
    ],
)
def test_a_text_is_asked_for_again_each_time_that_it_begins_to_wait(states: tuple[str, ...], times: int) -> None:
    assert times_taken_back(due(states[-1], "hello", YUSUF, 0, *states)) == times


@pytest.mark.parametrize(("arrivals", "found"), [(1, 0), (2, 0), (3, 1)])
def test_a_text_that_cht_asked_for_twice_may_arrive_twice(arrivals: int, found: int) -> None:
    arrived = tuple(arrival(message=8000 + place) for place in range(arrivals))
    assert len(list(outgoing_duplicated(History(outgoing_texts=(ASKED_AGAIN,), arrivals=arrived)))) == found


def test_the_relays_messages_are_counted_beside_those_of_others() -> None:
    arrived = (arrival(message=8009), arrival(), arrival(message=8002))
    history = History(outgoing_texts=(due(),), arrivals=arrived, others=frozenset({8009}))
    assert len(list(outgoing_duplicated(history))) == 1


@pytest.mark.parametrize(
    ("number", "hopeless"),
    [
        ("+2501234", False),
        ("+250123", True),
        ("+250123456789012", False),
        ("+2501234567890123", True),
        ("250123456789", False),
        ("+25012345678a", True),
        ("", True),
    ],
)
def test_numbers_have_seven_to_fifteen_digits(number: str, hopeless: bool) -> None:
    assert is_hopeless(due(number=number)) is hopeless


@pytest.mark.parametrize(("length", "hopeless"), [(0, False), (4096, False), (4097, True)])
def test_no_rapidpro_takes_more_than_4096_characters(length: int, hopeless: bool) -> None:
    assert is_hopeless(due(text="x" * length)) is hopeless


@pytest.mark.parametrize(
    ("first", "second", "wrong"),
    [
        (None, None, True),
        (at(5), None, True),
        (None, at(5), True),
        (at(5), at(6), True),
        (at(5), at(5), True),
        (at(6), at(5), False),
    ],
)
def test_texts_are_out_of_order_unless_cht_says_otherwise(
    first: datetime | None, second: datetime | None, wrong: bool
) -> None:
    outgoing = (replace(due(), order=first), replace(due(text="second", since=30), order=second))
    messages = (sent(text="second", id_=1), sent(id_=2))
    assert bool(list(reordered(History(outgoing_texts=outgoing, messages=messages)))) is wrong
