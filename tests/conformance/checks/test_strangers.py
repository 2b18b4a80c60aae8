"""Texts from strangers and to strangers: what is the relay's deed, and what is not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.checks import judge
from conformance.history.model import Call, History, Message, StoredReport, Strangers
from conformance.history.observe import Others
from conformance.history.strangers import before, strangers
from conformance.services.cht_client import message_document
from conformance.services.in_process import InProcessFakes
from conformance.subjects.built_in import POLL_SECONDS, named
from conformance.world.people import fresh_numbers
from conformance.world.timing import VirtualTiming
from conformance.world.world import World
from tests.conformance.checks.test_checks import RIGHT, at, call

STRANGER = "+250788999000"
BY_RELAY = {"authorization": "Token [hidden:rapidpro:relay]"}
TO_STRANGER = Message(9001, STRANGER, "hello", "wired", at(9))


def copied(text: str = "I am ill", ref: str = "run-1", *, others_write: bool = False) -> History:
    """CHT has a report from a stranger."""
    return replace(RIGHT, strangers=Strangers((StoredReport(STRANGER, text, ref),), others_write=others_write))


def asked(body: dict[str, Any], path: str = "broadcasts", **changes: object) -> History:
    """RapidPro has a message to a stranger, after this request."""
    one: Call = call(5, headers=BY_RELAY, body=json.dumps(body), path=f"/api/v2/{path}.json")
    return replace(RIGHT, calls=(replace(one, **changes),), strangers=Strangers(messages=(TO_STRANGER,)))  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    "history",
    [
        copied(),
        copied("in other words", "another id"),
        copied(others_write=True),
        copied("in other words", "run-1-copy", others_write=True),
    ],
)
def test_a_report_from_a_stranger_is_found(history: History) -> None:
    assert [one.check for one in judge(history)] == ["incoming_from_nowhere"]


@pytest.mark.parametrize("ref", ["another id", ""])
def test_beside_a_live_cht_the_reports_of_others_are_nobodys_fault(ref: str) -> None:
    assert judge(copied("in other words", ref, others_write=True)) == []


@pytest.mark.parametrize(
    "history",
    [
        asked({"urns": [f"tel:{STRANGER}"], "text": "hello"}),
        asked({"urns": ["tel:0788999000"], "text": {"eng": "hello"}}),
        asked({"contacts": ["some uuid"], "text": "hello"}),
        asked({"groups": ["some uuid"], "text": " hello "}),
        asked({"flow": "f-1", "urns": [f"tel:{STRANGER}"]}, "flow_starts"),
        asked({"flow": "f-1", "groups": ["some uuid"]}, "flow_starts"),
        asked({"contact": "some uuid", "text": "hello"}, "messages"),
        asked({"urns": [f"tel:{STRANGER}"], "text": "hello"}, status=None, fault="lose_reply#1"),
        asked({"urns": [f"tel:{STRANGER}"], "text": "hello"}, status=502, fault="lose_reply#1"),
    ],
)
def test_a_text_to_a_stranger_is_found_in_whatever_way_the_relay_had_it_sent(history: History) -> None:
    assert [one.check for one in judge(history)] == ["outgoing_from_nowhere"]


@pytest.mark.parametrize(
    "history",
    [
        asked({"urns": [f"tel:{STRANGER}"], "text": "hello"}, headers={"authorization": "Token [hidden:rapidpro:x]"}),
        asked({"urns": [f"tel:{STRANGER}"], "text": "hello"}, status=400),
        asked({"urns": ["tel:+250788200002"], "text": "hello"}),
        asked({"groups": ["some uuid"], "text": "something else"}),
        replace(RIGHT, calls=(), strangers=Strangers(messages=(TO_STRANGER,))),
    ],
)
def test_a_text_to_a_stranger_that_the_relay_did_not_ask_for_is_not_its_fault(history: History) -> None:
    assert judge(history) == []


def test_what_cht_has_to_send_to_a_stranger_is_rightly_sent() -> None:
    history = asked({"urns": [f"tel:{STRANGER}"], "text": "hello"})
    due = replace(history.strangers, due=frozenset({(STRANGER, "hello")}))
    assert judge(replace(history, strangers=due)) == []


def test_a_person_gets_nothing_that_cht_does_not_have_even_if_it_never_arrives() -> None:
    surprise = Message(8002, "+250788200002", "surprise", "queued", at(9))
    asked_for = call(5, headers=BY_RELAY, body=json.dumps({"urns": ["tel:+250788200002"], "text": "surprise"}))
    found = judge(replace(RIGHT, messages=(*RIGHT.messages, surprise), calls=(asked_for,)))
    assert [one.check for one in found] == ["outgoing_from_nowhere"]


def test_what_was_there_before_and_what_belongs_to_people_of_earlier_scenarios_does_not_count() -> None:
    now = at(0)
    row = {"direction": "out", "text": "hello", "status": "wired", "created_on": now.isoformat()}
    rows = [{**row, "id": id_, "number": number} for id_, number in ((1, "+1"), (2, "+2"), (3, STRANGER))]
    docs = [
        {"_id": id_, "from": number, "sms_message": {"message": "hi", "gateway_ref": ""}}
        for id_, number in (("a", "+1"), ("b", "+2"), ("c", STRANGER))
    ]
    docs.append(message_document("d", [("+3", "a reminder")], now))
    earlier = before(docs[:1], rows[:1], others_write=False)
    found = strangers(docs, rows, {"+2"}, earlier)
    assert [one.number for one in found.reports] == [STRANGER]
    assert [one.number for one in found.messages] == [STRANGER]
    assert found.due == {("+3", "a reminder")}
    assert Others(frozenset({"+2"}), earlier).known == {"+2"}


def test_a_scenario_is_not_judged_by_what_the_one_before_it_left_behind() -> None:
    one = named("reference")
    fakes = InProcessFakes("26", 1, cht_release=one.cht_release)
    subject = one.make(fakes, POLL_SECONDS)
    subject.start(fakes.neighbours)
    numbers = fresh_numbers()
    first = World(fakes, subject, VirtualTiming(), numbers)
    first.person_texts(first.people["Amina"], "I am ill")
    first.cht_sends([(first.people["Yusuf"], "still on its way")])
    second = World(fakes, subject, VirtualTiming(), numbers)
    second.cht_sends([(second.people["Grace"], "hello")])
    second.judge()
    assert {message.text for message in second.history().messages} == {"hello"}
    assert second.history().strangers == Strangers()
    subject.stop()
