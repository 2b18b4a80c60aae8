"""What becomes of failures: shrinking keeps the violation it began with, and no failing seed is left out silently."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from conformance.cli.simulate import as_text
from conformance.simulation import saving
from conformance.simulation.results import SearchResult, SeedOrder, SeedResult
from conformance.simulation.run_schedule import run_schedule
from conformance.simulation.saving import save_failures
from conformance.simulation.schedule import Event, Schedule
from conformance.simulation.search import shrink_failing, simulate
from conformance.simulation.workers.batches import BatchAnswer, SeedBatch
from conformance.simulation.worlds import OpenWorld, relay_world_opener
from tests.broken.pieces import App, Between, Defect, Now
from tests.broken.relays import NeverReportsStates, ResendsLostAnswers, new_ids
from tests.harness_command import harness

Session = Callable[[requests.Session, Now], Any]
LOST_REPLY = {
    "service": "rapidpro",
    "effect": "lose_reply",
    "with": {"how": "close"},
    "match": {"method": "POST", "path": "/api/v2/broadcasts.json"},
    "times": 1,
}
TROUBLE = (
    Event(10.0, "text_in", {"person": "P1", "text": "TEMP 38.5"}),
    Event(20.0, "hand_over_again", {"person": "P1"}),
    Event(30.0, "text_out", {"person": "P2", "text": "first"}),
    Event(900.0, "fault", {"fault": LOST_REPLY}),
    Event(910.0, "text_out", {"person": "P3", "text": "second"}),
)


def opener(session: Session, app: App | None = None) -> OpenWorld:
    """Opens worlds with a broken relay."""
    return relay_world_opener(Defect(session, app), "fails in two ways")


def resends_and_reports_no_states(session: requests.Session, now: Now) -> Between:
    """Two kinds of violation: duplicated, and wrong-state. The second needs no trouble at all."""
    inner: Any = NeverReportsStates(session, now)
    return ResendsLostAnswers(inner, now)


def defects(schedule: Schedule, open_world: OpenWorld) -> set[tuple[str, str]]:
    """The check and the kind of each violation."""
    return {(violation.check, violation.kind) for violation in run_schedule(schedule, open_world).violations}


def test_shrinking_does_not_slide_to_a_violation_of_another_kind() -> None:
    worlds = opener(resends_and_reports_no_states)
    schedule = Schedule(1, 1.0, TROUBLE)
    assert defects(schedule, worlds) == {("outgoing_duplicated", "duplicated"), ("state_wrong", "wrong-state")}
    small = shrink_failing(schedule, worlds).schedule
    assert ("outgoing_duplicated", "duplicated") in defects(small, worlds)
    assert [event.kind for event in small.events] == ["fault", "text_out"]


def test_shrinking_does_not_slide_to_another_check_of_the_same_kind() -> None:
    worlds = opener(ResendsLostAnswers, new_ids())
    schedule = Schedule(1, 1.0, TROUBLE)
    assert defects(schedule, worlds) == {("incoming_duplicated", "duplicated"), ("outgoing_duplicated", "duplicated")}
    shrunk = shrink_failing(schedule, worlds)
    assert defects(shrunk.schedule, worlds) == {("incoming_duplicated", "duplicated")}
    assert [event.kind for event in shrunk.schedule.events] == ["text_in", "hand_over_again"]
    assert [violation.check for violation in shrunk.dropped] == ["outgoing_duplicated"]


def result(seed: int, failing: frozenset[int] | set[int]) -> SeedResult:
    """The result of a seed; those in `failing` have lost a text."""
    if seed in failing:
        return SeedResult(seed, 20, 5, 1.0, ("lost",), (f"lost: a text of seed {seed}",))
    return SeedResult(seed, 20, 5, 1.0)


@given(st.permutations(range(0, 60, 10)), st.frozensets(st.integers(0, 59)))
def test_results_are_released_in_the_order_of_the_seeds(arrivals: list[int], failing: frozenset[int]) -> None:
    order = SeedOrder(0)
    released: list[SeedResult] = []
    for first in arrivals:
        released += order.release(result(seed, failing) for seed in range(first, first + 10))
    assert [one.seed for one in released] == list(range(60))


class FirstBatchIsSlow(Executor):
    """Runs nothing: the results come from `failing`. The first batch is not done before `finish_first` is called."""

    def __init__(self, failing: set[int]) -> None:
        self._failing = failing
        self._first: tuple[Future[Any], SeedBatch] | None = None
        self.submitted: list[SeedBatch] = []

    def submit(self, _function: Any, /, batch: SeedBatch) -> Future[Any]:  # type: ignore[override]
        future: Future[Any] = Future()
        self.submitted.append(batch)
        if len(self.submitted) == 1:
            self._first = (future, batch)
        else:
            self._finish(future, batch)
        return future

    def finish_first(self, _found: object = None) -> None:
        """Finish the first batch, once."""
        if self._first is not None:
            self._finish(*self._first)
            self._first = None

    def _finish(self, future: Future[Any], batch: SeedBatch) -> None:
        results = tuple(result(seed, self._failing) for seed in batch.seeds)
        future.set_result(BatchAnswer(results, code=batch.code))


def slow_search(failing: set[int], **options: Any) -> SearchResult:
    """Search 60 seeds with one worker whose first batch arrives after its second."""
    pool = FirstBatchIsSlow(failing)
    return simulate(subject="x", runs=60, executor=pool, workers=1, on_run=pool.finish_first, **options)


def test_a_slow_worker_does_not_change_the_order() -> None:
    found = slow_search({3, 7, 12, 55}).as_json()
    assert found["failing_seeds"] == [3, 7, 12, 55]
    assert [one["seed"] for one in found["violations"]] == [3, 7, 12, 55]
    assert (found["runs"], found["stopped_at_first"], found["left_out"]) == (60, False, 0)


def test_the_first_failing_seed_is_the_lowest_even_if_another_is_found_earlier() -> None:
    found = slow_search({3, 7, 12, 55}, stop_at_first=True)
    document = found.as_json()
    assert (document["failing_seeds"], document["runs"], document["left_out"]) == ([3], 3, 57)
    assert "stopped at seed 3, the first that fails: 57 of 60 runs were left out: seeds 4 to 60" in as_text(found)


def test_stopping_at_the_last_seed_leaves_nothing_out() -> None:
    found = slow_search({60}, stop_at_first=True)
    assert (found.runs, found.left_out(), found.stopped_at_first) == (60, 0, True)
    assert "no run was left out" in as_text(found)


def test_a_search_without_failures_stops_nowhere() -> None:
    found = slow_search(set(), stop_at_first=True)
    assert (found.runs, found.stopped_at_first) == (60, False)
    assert "stopped" not in as_text(found)


def test_all_failing_seeds_are_listed() -> None:
    failing = set(range(5, 45))
    text = as_text(slow_search(failing))
    assert all(f"seed {seed}: lost: a text of seed {seed}" in text for seed in failing)


def failures(count: int) -> SearchResult:
    """A search of outbound-push, of which each seed failed."""
    found = SearchResult(1, "outbound-push", requested=count)
    for seed in range(1, count + 1):
        found.add(result(seed, {seed}))
    return found


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shrink none, save at most three: so that the test needs no hundreds of runs."""
    monkeypatch.setattr(saving, "SHRUNK", 0)
    monkeypatch.setattr(saving, "SAVED", 3)


@pytest.mark.usefixtures("quick")
def test_failing_schedules_that_are_not_shrunk_or_not_saved_are_counted(tmp_path: Path) -> None:
    saved = save_failures(failures(5), "26", tmp_path)
    document: Mapping[str, Any] = saved.as_json()
    assert [(one["seed"], one["shrunk"]) for one in document["saved"]] == [(1, False), (2, False), (3, False)]
    assert document["not_saved"] == [4, 5]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"outbound-push-{seed}.json" for seed in (1, 2, 3)]
    assert Schedule.load(tmp_path / "outbound-push-2.json").found == ("lost: a text of seed 2",)
    assert saved.sentences() == [
        f"3 further failing schedules are saved in {tmp_path} without being shrunk",
        "2 further failing schedules are not saved: seeds 4, 5; --runs 1 --seed SEED saves one of them",
    ]


@pytest.mark.usefixtures("quick")
def test_failing_schedules_that_cannot_be_written_are_listed_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", "utf-8")
    saved = save_failures(failures(1), "26", tmp_path / "taken")
    assert (saved.as_json()["saved"], saved.as_json()["not_saved"]) == ([], [1])
    (sentence,) = saved.sentences()
    assert "the schedule of seed 1 could not be saved" in sentence


def test_the_command_stops_at_the_first_failing_seed_and_says_so(tmp_path: Path) -> None:
    options = ("--runs", "40", "--seed", "1", "--subject", "outbound-push", "--stop-at-first", "--save", str(tmp_path))
    done = harness("simulate", *options, "--json")
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    (seed,) = document["failing_seeds"]
    assert document["stopped_at_first"]
    assert document["runs"] == seed
    assert document["left_out"] == 40 - seed
    assert document["saved"] == [
        {"seed": seed, "file": str(tmp_path / f"outbound-push-{seed}.json"), "shrunk": True},
    ]
    assert document["not_saved"] == []
