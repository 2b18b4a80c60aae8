"""Texts with NUL: what a relay may make of them, and what it may not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from conformance.checks import judge
from conformance.history.model import Arrival, History, Message, OutgoingText
from conformance.history.unsendable import Originals
from conformance.simulation.run_schedule import run_schedule
from conformance.simulation.schedule import Event, Schedule
from conformance.simulation.worlds import world_opener

AT = datetime(2024, 10, 1, 8, 0, tzinfo=UTC)
NUMBER = "+250788200001"


def due(text: str, number: str = NUMBER, state: str = "delivered") -> OutgoingText:
    return OutgoingText("u-1", number, text, state, AT)


def named(text: str, *known: OutgoingText) -> str:
    (arrival,) = Originals(known).named((Arrival(NUMBER, text, AT, 1),))
    (message,) = Originals(known).named((Message(1, NUMBER, text, "sent", AT),))
    assert message.text == arrival.text
    return arrival.text


@pytest.mark.parametrize("sent", ["TEMP38.5", "TEMP 38.5", "TEMP\ufffd38.5", "TEMP?38.5", "TEMP\n38.5"])
def test_a_nul_may_be_left_out_or_replaced(sent: str) -> None:
    assert named(sent, due("TEMP\x0038.5")) == "TEMP\x0038.5"


@pytest.mark.parametrize("sent", ["TEMP", "TEMP--38.5", "TEMP 38x5", "38.5", "TEMP 38.5 "])
def test_everything_else_must_be_unchanged(sent: str) -> None:
    assert named(sent, due("TEMP\x0038.5")) == sent


def test_a_text_that_cht_has_as_it_is_keeps_its_name() -> None:
    assert named("ab", due("a\0b"), due("ab")) == "ab"
    assert named("a b", due("a\0b"), due("ab")) == "a\0b"


def test_another_persons_text_has_nothing_to_do_with_it() -> None:
    assert named("ab", due("a\0b", number="+250788200002")) == "ab"


@pytest.mark.parametrize("subject", ["reference", "cht-5.2"])
def test_a_relay_may_send_it_without_nul_or_report_it_as_failed(subject: str) -> None:
    event = Event(1.0, "text_out", {"person": "P1", "text": "a\0b"})
    assert run_schedule(Schedule(1, 1.0, (event,), subject), world_opener(subject)).violations == ()


def test_a_text_with_nul_that_never_arrives_is_lost() -> None:
    history = History(outgoing_texts=(due("a\0b", state="pending"),))
    assert [one.kind for one in judge(history)] == ["lost"]
