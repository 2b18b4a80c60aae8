"""Simulation finds with few events what CHT's own gateway does wrong, and a replay shows it again exactly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.simulation.generate import generate
from conformance.simulation.run_schedule import run_schedule
from conformance.simulation.schedule import TEXTS, TROUBLES, Event, Schedule
from conformance.simulation.search import smallest
from conformance.simulation.worlds import subjects, world_opener
from conformance.subjects.built_in import built_in
from tests.harness_command import harness

LOST_REPLY = {
    "service": "rapidpro",
    "effect": "lose_reply",
    "with": {"how": "close"},
    "match": {"method": "POST", "path": "/api/v2/broadcasts.json"},
    "times": 1,
}
CHT_AWAY = {"service": "cht", "effect": "outage", "with": {}, "match": {"path": "/api/sms"}, "for_seconds": 600}


def schedule(subject: str, *events: Event, profile: str = "26") -> Schedule:
    return Schedule(1, 1.0, events, subject, profile)


def text_out(at: float = 60.0, text: str = "hello") -> Event:
    return Event(at, "text_out", {"person": "P1", "text": text})


def kinds(case: Schedule) -> set[str]:
    return set(run_schedule(case, world_opener(case.subject)).kinds())


@pytest.mark.parametrize("subject", ["cht-5.2", "outbound-push"])
def test_a_lost_answer_makes_two_texts_of_one(subject: str) -> None:
    fault = Event(10.0, "fault", {"fault": LOST_REPLY})
    assert kinds(schedule(subject, fault, text_out())) == {"duplicated"}
    assert kinds(schedule(subject, text_out())) == set()


def test_the_reference_relay_survives_what_they_do_not() -> None:
    assert kinds(schedule("reference", Event(10.0, "fault", {"fault": LOST_REPLY}), text_out())) == set()


def test_beside_todays_rapidpro_the_oldest_gateway_needs_no_fault_to_fail() -> None:
    assert "duplicated" in kinds(schedule("cht-3.11", text_out()))
    assert kinds(schedule("cht-3.11", text_out(), profile="6.4")) == set()


def test_a_run_ends_early_if_the_subject_sends_one_text_again_and_again() -> None:
    result = run_schedule(generate(1, subject="cht-3.11"), world_opener("cht-3.11"))
    assert "duplicated" in result.kinds()
    assert result.virtual_seconds < 6 * 3600


@pytest.mark.parametrize("subject", ["cht-5.2", "outbound-push"])
def test_a_crash_between_acceptance_and_knowledge_makes_two_texts_of_one(subject: str) -> None:
    crash = Event(10.0, "crash", {"point": "BROADCAST_ACCEPTED", "seconds": 30.0})
    assert kinds(schedule(subject, crash, text_out())) == {"duplicated"}


@pytest.mark.parametrize("subject", ["cht-5.2", "outbound-push"])
@pytest.mark.parametrize(
    "trouble",
    [
        Event(10.0, "crash", {"point": None, "seconds": 300.0}),
        Event(10.0, "crash", {"point": "TEXT_HANDED_OUT", "seconds": 300.0}),
        Event(10.0, "freeze", {"seconds": 900.0}),
        Event(10.0, "clock_jump", {"seconds": -300.0}),
        Event(10.0, "fault", {"fault": CHT_AWAY}),
    ],
    ids=lambda event: event.kind,
)
def test_trouble_that_it_survives_or_that_cannot_affect_it_does_no_harm(subject: str, trouble: Event) -> None:
    assert kinds(schedule(subject, trouble, text_out())) == set()


@pytest.mark.parametrize("subject", ["cht-5.2", "cht-3.11", "outbound-push"])
def test_what_a_search_finds_is_small_and_is_found_again_exactly(subject: str, tmp_path: Path) -> None:
    worlds = world_opener(subject)
    seed = next(one for one in range(1, 100) if run_schedule(generate(one, subject=subject), worlds).violations)
    small = smallest(seed, subject, "26")
    assert small.count(TROUBLES) <= 3
    assert small.count(TEXTS) >= 1
    assert small.found
    path = small.save(tmp_path / "found.json")
    again = run_schedule(Schedule.load(path), world_opener(subject))
    assert tuple(map(str, again.violations)) == tuple(small.found)


def test_the_same_schedule_gives_the_same_history() -> None:
    def outcome() -> Any:
        result = run_schedule(generate(3, subject="cht-5.2"), world_opener("cht-5.2"))
        return result.violations, result.summary, result.virtual_seconds

    assert outcome() == outcome()


def test_the_command_finds_saves_and_replays(tmp_path: Path) -> None:
    done = harness(
        "simulate", "--runs", "2", "--seed", "1", "--subject", "outbound-push", "--save", str(tmp_path), "--json"
    )
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert found["subject"] == "outbound-push"
    assert (found["runs"], found["failing_seeds"]) == (2, [1, 2])
    (first, *_) = sorted(tmp_path.glob("*.json"))
    assert f"again: relay-harness replay {first}" in done.stderr
    replayed = harness("replay", str(first), "--json")
    assert replayed.returncode == 1
    assert json.loads(replayed.stdout)["violations"] == json.loads(first.read_text("utf-8"))["found"]


def test_all_built_in_subjects_can_be_simulated() -> None:
    assert subjects() == tuple(built_in())
