"""Scenarios that are played in several processes: each once, all results in order, whatever becomes of a process."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest
from click.testing import CliRunner

from conformance.cli import harness
from conformance.cli.judging.judge import default_jobs
from conformance.reports.report import Report, ScenarioResult
from conformance.requirements.catalogue import load, select
from conformance.running.parallel.many_worlds import ManyWorlds
from conformance.running.parallel.messages import WorldJob
from conformance.running.runner import conform, end_early, planned
from conformance.running.worlds import InProcessWorlds, Worlds
from conformance.subjects.in_process import reference
from conformance.verdicts import HarnessBroken, Verdict
from conformance.world.world import World
from tests.broken.pieces import Defect
from tests.broken.relays import IgnoresRetryAfter

REQUIREMENTS = select(load(), ["OUT-3", "QUOTA-4"])


def no_repeat(_ids: tuple[str, ...]) -> str:
    return ""


class Absent(InProcessWorlds):
    """Worlds without a subject."""

    def begin(self) -> None:
        raise HarnessBroken("no relay answers")


class Dying(InProcessWorlds):
    """Worlds whose process is killed in the second scenario."""

    opened = 0

    def open(self) -> World:
        self.opened += 1
        if self.opened == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().open()


class DeadAtOnce(InProcessWorlds):
    """Worlds whose process is killed at the start."""

    def begin(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Played:
    """A run, and what was seen of it."""

    report: Report
    notes: list[str] = field(default_factory=list)
    seen: list[ScenarioResult] = field(default_factory=list)


def play(*kinds: Callable[[], Worlds], stop_after: int = 10_000) -> Played:
    played = Played(Report({"name": "reference"}, "26", REQUIREMENTS))
    ManyWorlds(
        played.report,
        [WorldJob(kind, REQUIREMENTS, no_repeat) for kind in kinds],
        range(len(planned(REQUIREMENTS))),
        played.seen.append,
        goes_on=lambda: len(played.seen) < stop_after,
        note=played.notes.append,
    ).run()
    assert not multiprocessing.active_children()
    return played


def good(kind: type[InProcessWorlds] = InProcessWorlds) -> Callable[[], Worlds]:
    return partial(kind, "26", 1, reference, "reference")


def test_in_two_worlds_each_scenario_is_played_once_with_the_result_that_it_has_in_one() -> None:
    played = play(good(), good())
    alone = conform(InProcessWorlds("26", 1), REQUIREMENTS)
    assert [(one.name, one.verdict) for one in played.report.results] == [
        (one.name, one.verdict) for one in alone.results
    ]
    assert len(played.seen) == len(alone.results)
    assert (played.notes, played.report.broken) == ([], [])


def test_misconduct_is_gathered_over_all_worlds() -> None:
    kind = partial(InProcessWorlds, "26", 1, Defect(IgnoresRetryAfter), "broken")
    played, alone = play(kind, kind), conform(kind(), REQUIREMENTS)
    found = [[one for one in report.results if one.elsewhere] for report in (played.report, alone)]
    assert [one.requirements for one in found[0]] == [one.requirements for one in found[1]] == [("QUOTA-4",)]


def test_without_a_subject_nothing_is_judged_and_no_further_world_is_started() -> None:
    with pytest.raises(HarnessBroken, match="no relay answers"):
        play(good(Absent), good(), good())
    assert not multiprocessing.active_children()


def test_a_further_world_that_has_no_subject_is_done_without() -> None:
    played = play(good(), good(Absent))
    assert played.notes == ["judged in fewer worlds at a time: no relay answers"]
    assert len(played.report.results) == len(planned(REQUIREMENTS))


def test_a_process_that_is_killed_breaks_the_run_and_what_it_had_judged_is_kept() -> None:
    played = play(good(Dying))
    assert [one.verdict for one in played.report.results] == [Verdict.PASSED]
    assert played.report.broken == ["a process that plays scenarios has ended by itself, with status -9"]
    assert played.report.exit_status() == 2


def test_a_process_that_is_killed_before_it_plays_is_told_as_such() -> None:
    with pytest.raises(HarnessBroken, match="has ended by itself, with status -9"):
        play(good(DeadAtOnce), good())


def test_nothing_is_begun_once_the_run_is_to_end_and_what_was_not_judged_is_named() -> None:
    played = play(good(), stop_after=2)
    assert len(played.report.results) == 2
    entries = planned(REQUIREMENTS)
    end_early(played.report, entries, "time limit")
    assert [one.name for one in played.report.results] == [entry.name for entry in entries]
    reasons = [one.reason for one in played.report.results]
    assert reasons == ["", "", *["not judged: time limit"] * (len(entries) - 2)]
    assert played.report.exit_status() == played.report.exit_status(strict=True) == 2


def test_an_interruption_keeps_what_was_judged_and_leaves_no_process() -> None:
    report = Report({"name": "reference"}, "26", REQUIREMENTS)

    def interrupt(_result: ScenarioResult) -> None:
        raise KeyboardInterrupt

    job = WorldJob(good(), REQUIREMENTS, no_repeat)
    run = ManyWorlds(report, [job, job], range(5), interrupt, goes_on=lambda: True, note=lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        run.run()
    assert len(report.results) == 1
    assert not multiprocessing.active_children()


def test_a_built_in_subject_has_the_same_results_in_two_processes_as_in_one() -> None:
    def judged(jobs: str) -> list[tuple[str, str, str]]:
        done = CliRunner().invoke(harness, ["conform", "--only", "OUT-3,QUOTA-4,CRASH-2", "--jobs", jobs, "--json"])
        assert done.exit_code == 0, done.output
        return [
            (requirement["id"], scenario["name"], scenario["verdict"])
            for requirement in json.loads(done.stdout)["requirements"]
            for scenario in requirement["scenarios"]
        ]

    assert judged("2") == judged("1")


@pytest.mark.parametrize(("scenarios", "processors", "jobs"), [(249, 2, 2), (249, 1, 1), (100, 8, 1), (249, 16, 4)])
def test_a_subject_in_process_has_a_world_for_each_processor_if_there_is_enough_to_play(
    monkeypatch: pytest.MonkeyPatch, scenarios: int, processors: int, jobs: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    assert default_jobs(scenarios, in_process=True) == jobs
