"""Simulated runs: the reference relay survives them; the same schedule gives the same history, however it is run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.simulation.generate import generate
from conformance.simulation.run_schedule import run_schedule
from conformance.simulation.schedule import Event, Schedule
from conformance.simulation.search import smallest
from conformance.simulation.worlds import relay_world_opener, subjects, world_opener
from conformance.verdicts import HarnessBroken
from tests.broken.relays import broken_relays
from tests.harness_command import harness

EXPOSED = (
    "resends after a lost answer",
    "forgets everything on restart",
    "accepts a text before it is on disk",
    "gives up at once",
    "never reports states",
)
"""Broken relays whose defect shows in any schedule of some length."""


@pytest.mark.parametrize("subject", subjects())
def test_worlds_that_follow_each_other_are_like_new_ones(subject: str) -> None:
    worlds = world_opener(subject)
    schedules = [generate(seed, subject=subject) for seed in (3, 4, 3)]
    first, _, again = [run_schedule(schedule, worlds) for schedule in schedules]
    alone = run_schedule(schedules[0], world_opener(subject))
    assert first == again == alone


def test_the_reference_relay_survives_a_handful_of_schedules() -> None:
    worlds = world_opener("reference")
    for seed in range(500, 512):
        result = run_schedule(generate(seed), worlds)
        assert result.violations == (), f"again: relay-harness simulate --runs 1 --seed {seed}"
        assert result.texts >= 20
        assert result.faults >= 5
        assert result.virtual_seconds >= 6 * 3600


@pytest.mark.parametrize("name", EXPOSED)
def test_a_broken_relay_does_not_survive_the_search(name: str) -> None:
    worlds = relay_world_opener(broken_relays()[name].build, name)
    assert any(run_schedule(generate(seed), worlds).violations for seed in range(1, 40))


@pytest.mark.parametrize("subject", [name for name in subjects() if name != "reference"])
def test_what_the_search_finds_in_cht_itself_is_shrunk_to_few_faults(subject: str) -> None:
    worlds = world_opener(subject)
    failing = next(seed for seed in range(1, 100) if run_schedule(generate(seed, subject=subject), worlds).violations)
    small = smallest(failing, subject, "26")
    assert small.count(frozenset({"fault", "channel", "crash", "freeze", "clock_jump", "hand_over_again"})) <= 3
    assert small.found
    assert run_schedule(small, world_opener(subject)).violations


def test_the_command_prints_one_document() -> None:
    done = harness("simulate", "--runs", "6", "--seed", "21", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["runs"], document["seed"]) == (6, 21)
    assert (document["lost"], document["duplicated"], document["wrong_state"]) == (0, 0, 0)
    assert document["failing_seeds"] == []
    assert document["texts"] >= 120
    assert document["faults"] >= 30
    assert document["virtual_seconds"] >= 6 * 6 * 3600


def test_what_was_found_is_saved_and_replayed_exactly(tmp_path: Path) -> None:
    found = harness("simulate", "--runs", "30", "--seed", "1", "--subject", "cht-5.2", folder=tmp_path)
    assert found.returncode == 1, found.stderr
    command = next(line for line in (found.stdout + found.stderr).splitlines() if "relay-harness replay" in line)
    file = command.rpartition(" ")[2]
    replayed = harness("replay", file, folder=tmp_path)
    assert replayed.returncode == 1
    saved = json.loads((tmp_path / file).read_text("utf-8"))
    for sentence in saved["found"]:
        assert sentence in replayed.stdout + replayed.stderr


def test_a_schedule_that_the_services_refuse_breaks_the_harness() -> None:
    schedule = Schedule(1, 0.1, (Event(1.0, "channel", {"changes": {"nonsense": 1}, "seconds": 5.0}),))
    with pytest.raises(HarnessBroken, match="unknown channel setting"):
        run_schedule(schedule, world_opener("reference"))
