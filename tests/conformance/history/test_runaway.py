"""A subject that sends one text again and again: noticed soon, and never with a relay that only repeats a few."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from conformance.history.model import Arrival, History, Message, OutgoingText
from conformance.history.runaway import RUNAWAY, runaway
from conformance.requirements.catalogue import load, select
from conformance.running.runner import conform
from conformance.running.worlds import BuiltInWorlds
from conformance.subjects.built_in import named

AT = datetime(2024, 10, 1, 8, 0, tzinfo=UTC)
NUMBER = "+250788200001"


def due(count: int) -> History:
    """CHT had the same text to send `count` times."""
    text = OutgoingText("u", NUMBER, "hello", "pending", AT, (), "")
    return History((), (), (text,) * count, (), (), ())


def messages(count: int, text: str = "hello") -> tuple[Message, ...]:
    return tuple(Message(id_, NUMBER, text, "queued", AT) for id_ in range(count))


def arrivals(count: int) -> tuple[Arrival, ...]:
    return tuple(Arrival(NUMBER, "hello", AT, id_) for id_ in range(count))


def test_what_lies_in_rapidpro_counts_before_it_arrives() -> None:
    found = runaway(replace(due(1), messages=messages(RUNAWAY + 2)))
    assert str(found) == f"'hello' for {NUMBER} was due once, became {RUNAWAY + 2} messages"


def test_what_arrived_counts_once_with_its_message() -> None:
    assert runaway(replace(due(1), messages=messages(RUNAWAY), arrivals=arrivals(RUNAWAY))) is None
    assert runaway(replace(due(1), arrivals=arrivals(RUNAWAY + 2))) is not None


@pytest.mark.parametrize("count", [1, 60])
def test_texts_that_are_due_are_no_surplus(count: int) -> None:
    assert runaway(replace(due(count), messages=messages(count + RUNAWAY))) is None
    assert runaway(replace(due(count), messages=messages(count + RUNAWAY + 1))) is not None


def test_several_texts_of_few_messages_each_are_none() -> None:
    two = messages(RUNAWAY) + tuple(replace(one, id=-1 - one.id, text="bye") for one in messages(RUNAWAY))  # type: ignore[operator] # they are numbers
    assert runaway(replace(due(1), messages=two)) is None


def test_a_wait_ends_when_a_subject_runs_away() -> None:
    report = conform(BuiltInWorlds("26", 1, named("cht-3.11")), select(load(), ["STATE-4"]))
    (reason,) = {one.reason.splitlines()[0] for one in report.results if one.name == "A text was read"}
    assert reason.startswith("duplicated again and again: 'hello' for +250788200")
    assert "was due once, became " in reason
    assert int(reason.split()[-2]) < 60, "it is noticed within the first hour, not after eight"
