"""The reference relay beside a CHT of which behaviours are switched on, as a scenario does it: over the control API."""

from __future__ import annotations

from typing import Any

from conformance.services.in_process import InProcessFakes
from conformance.subjects.built_in import POLL_SECONDS, named
from conformance.world.timing import VirtualTiming
from conformance.world.world import World

HOUR = 3600


def beside_cht(release: str, **switched: bool) -> World:
    fakes = InProcessFakes("26", 1, cht_release=release)
    subject = named("reference").make(fakes, POLL_SECONDS)
    subject.start(fakes.neighbours)
    world = World(fakes, subject, VirtualTiming())
    world.control.put("/cht/release", switched)
    return world


def replies(**switched: bool) -> int:
    world = beside_cht("5.2", **switched)
    answering = {"default_responses": {"start_date": "2016-10-01"}, "transitions": {"default_responses": True}}
    world.cht.settings(answering)
    amina = world.people["Amina"]
    world.person_texts(amina, "I am well")
    world.judge()
    return len(world.received(amina))


def test_a_reply_that_cht_doubles_arrives_twice_and_the_relay_did_nothing_wrong() -> None:
    assert replies() == 1
    assert replies(doubles_transitions=True) == 2


def reminders(release: str, **switched: bool) -> tuple[int, list[str]]:
    """How often a reminder arrives within two hours, and the states of its task, without repetitions of a cycle."""
    world = beside_cht(release, **switched)
    amina = world.people["Amina"]
    id_ = world.cht_sends([(amina, "come")], scheduled=True)
    doc: dict[str, Any] = next(one for one in world.cht.documents() if one["_id"] == id_)
    (sent,) = doc["scheduled_tasks"]
    stuck = {"due": sent["due"], "state": "scheduled", "message_key": "no.such.key", "recipient": "clinic"}
    world.cht.put({**doc, "scheduled_tasks": [sent, stuck]})
    world.pass_time(2 * HOUR)
    (found,) = [one for one in world.cht.documents() if one["_id"] == id_]
    return len(world.received(amina)), [entry["state"] for entry in found["scheduled_tasks"][0]["state_history"]]


def test_a_delivered_reminder_that_cht_sets_to_pending_again_arrives_once() -> None:
    """cht-core 10802: CHT hands it out under its old id, and the relay knows that id."""
    for release, switched in (("5.1", {}), ("5.2", {"only_scheduled_become_due": False})):
        arrived, states = reminders(release, **switched)
        assert arrived == 1
        assert states.count("pending") > 5, "CHT set it to pending again and again"
        assert "delivered" in states


def test_todays_release_leaves_a_delivered_reminder_alone() -> None:
    arrived, states = reminders("5.2")
    assert (arrived, states.count("pending"), states[-1]) == (1, 1, "delivered")
