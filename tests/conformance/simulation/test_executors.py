"""A search finds the same on every executor, whatever becomes of its workers; no run is counted twice."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.simulation import search
from conformance.simulation.results import SearchResult, SeedResult
from conformance.simulation.search import simulate
from conformance.simulation.workers.batches import BatchAnswer, SeedBatch, run_batch
from conformance.simulation.workers.handing_out import ATTEMPTS
from conformance.simulation.workers.own_code import PACKAGES, hash_of, own_code
from conformance.verdicts import HarnessBroken
from tests.folders import ROOT

Run = Callable[[SeedBatch], BatchAnswer]


def figures(found: SearchResult) -> dict[str, Any]:
    """Everything that a search found, without the time that it took."""
    return {key: value for key, value in found.as_json().items() if key != "wall_seconds"}


class Written:
    """Runs nothing: the answers are written here. The seeds in `failing` lose a text."""

    def __init__(self, failing: frozenset[int] = frozenset()) -> None:
        self._failing = failing

    def result(self, seed: int) -> SeedResult:
        if seed in self._failing:
            return SeedResult(seed, 20, 5, 1.0, ("lost",), (f"lost: a text of seed {seed}", "and another"))
        return SeedResult(seed, 20, 5, 1.0)

    def __call__(self, batch: SeedBatch) -> BatchAnswer:
        results = []
        for seed in batch.seeds:
            results.append(self.result(seed))
            if batch.stop_at_first and results[-1].kinds:
                break
        return BatchAnswer(tuple(results), "a worker", batch.code)


class Unreliable(Executor):
    """Finishes calls in any order; loses some, runs some twice, mixes up some answers: none in its last attempt."""

    def __init__(self, run: Run, rng: random.Random) -> None:
        self._run, self._rng = run, rng
        self._pool = ThreadPoolExecutor(1)
        self._begun: list[tuple[Future[BatchAnswer], SeedBatch]] = []
        self.fates: list[str] = []

    def submit(self, _function: Any, /, batch: SeedBatch) -> Future[Any]:  # type: ignore[override]
        future: Future[BatchAnswer] = Future()
        self._begun.append((future, batch))
        self._pool.submit(self._finish_one)
        return future

    def _finish_one(self) -> None:
        future, batch = self._begun.pop(self._rng.randrange(len(self._begun)))
        fates = ["done", "done twice"]
        if batch.attempt < ATTEMPTS:
            fates += ["lost", "cancelled", "with a repeated result", "too short", "of other seeds"]
        self.fates.append(self._rng.choice(fates))
        answer = self._run(batch)
        if self.fates[-1] == "lost":
            future.set_exception(ConnectionError("the worker has gone"))
        elif self.fates[-1] == "cancelled":
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_result(self._spoilt(answer, batch))

    def _spoilt(self, answer: BatchAnswer, batch: SeedBatch) -> BatchAnswer:
        if self.fates[-1].startswith("done"):
            return self._run(batch) if self.fates[-1] == "done twice" else answer
        results = {
            "with a repeated result": answer.results[:1] + answer.results,
            "too short": () if answer.results[-1].kinds else answer.results[:-1],
            "of other seeds": tuple(SeedResult(one.seed + 1, 0, 0, 0.0) for one in answer.results),
        }[self.fates[-1]]
        return BatchAnswer(results, "a worker", batch.code)


@given(st.integers(0, 2**32), st.integers(1, 130), st.frozensets(st.integers(1, 130)))
def test_lost_repeated_and_reordered_batches_change_nothing(fate: int, runs: int, failing: frozenset[int]) -> None:
    executor = Unreliable(Written(failing), random.Random(fate))
    found = simulate(runs=runs, executor=executor, workers=2)
    expected = SearchResult(1, "reference", requested=runs)
    for seed in range(1, runs + 1):
        expected.add(Written(failing).result(seed))
    assert figures(found) == figures(expected)
    assert found.failing == expected.failing, "whole, with every sentence"


@given(st.integers(0, 2**32), st.frozensets(st.integers(1, 100), min_size=1))
def test_the_first_failing_seed_is_the_same_on_a_bad_executor(fate: int, failing: frozenset[int]) -> None:
    executor = Unreliable(Written(failing), random.Random(fate))
    found = simulate(runs=100, executor=executor, workers=3, stop_at_first=True)
    assert [one.seed for one in found.failing] == [min(failing)]
    assert (found.runs, found.stopped_at_first) == (min(failing), True)


def test_real_runs_give_the_same_in_processes_in_threads_and_on_a_bad_executor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "CHUNK", 3)
    options: dict[str, Any] = {"runs": 8, "subject": "outbound-push", "workers": 2}
    in_processes = simulate(**options)
    assert in_processes.failing
    with ThreadPoolExecutor(3) as threads:
        assert figures(simulate(**options, executor=threads)) == figures(in_processes)
    bad = Unreliable(run_batch, random.Random(5))
    assert figures(simulate(**options, executor=bad)) == figures(in_processes)
    assert set(bad.fates) - {"done"}, "it lost or repeated something"


class Losing(Executor):
    """Loses every call."""

    def __init__(self) -> None:
        self.attempts: list[int] = []

    def submit(self, _function: Any, /, batch: SeedBatch) -> Future[Any]:  # type: ignore[override]
        self.attempts.append(batch.attempt)
        future: Future[Any] = Future()
        future.set_exception(ModuleNotFoundError("No module named 'conformance'"))
        return future


def test_a_batch_that_is_lost_each_time_breaks_the_harness_with_the_reason() -> None:
    executor = Losing()
    with pytest.raises(
        HarnessBroken,
        match=r"the seeds 1 to 7 were handed out 3 times without an answer: ModuleNotFoundError: No module named "
        r"'conformance'\. Is the same cht-rapidpro-harness installed where the workers run\?",
    ):
        simulate(runs=7, executor=executor)
    assert executor.attempts == [1, 2, 3]


def test_an_executor_that_has_ended_is_told() -> None:
    threads = ThreadPoolExecutor(1)
    threads.shutdown()
    with pytest.raises(HarnessBroken, match="the seeds 1 to 5 cannot be handed out to a worker: RuntimeError: cannot"):
        simulate(runs=5, executor=threads)


class Answering(Executor):
    """Gives one and the same answer to everything, and never begins a second call."""

    def __init__(self, answer: BatchAnswer) -> None:
        self._answer = answer
        self.futures: list[Future[Any]] = []

    def submit(self, _function: Any, /, _batch: SeedBatch) -> Future[Any]:  # type: ignore[override]
        self.futures.append(Future())
        if len(self.futures) == 1:
            self.futures[0].set_result(self._answer)
        return self.futures[-1]


def test_a_worker_with_other_code_is_told() -> None:
    answer = run_batch(SeedBatch((1,), "reference", "26", code="another"))
    assert (answer.results, answer.code) == ((), own_code())
    other = BatchAnswer(worker="node7, process 42", code="0123456789ab")
    with pytest.raises(HarnessBroken, match=r"the worker node7, process 42 runs other code .* \(0123456789ab\) than"):
        simulate(runs=5, executor=Answering(other))


def test_code_is_the_same_wherever_it_lies_and_another_with_one_letter_more(tmp_path: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "relay" / "relay.db").write_text("a file of a run")
    assert hash_of(tmp_path) == own_code()
    with (tmp_path / "relay" / "policy.py").open("a") as module:
        module.write("#")
    assert hash_of(tmp_path) != own_code()


def test_what_breaks_in_a_run_is_told_and_not_run_again() -> None:
    with (
        ThreadPoolExecutor(1) as threads,
        pytest.raises(HarnessBroken, match=r"(?s)the seeds 3 to 5 could not be run by the worker .*UnknownSubject"),
    ):
        simulate(seed=3, runs=3, subject="nobody", executor=threads)


def test_an_interrupt_takes_back_what_no_worker_has_begun() -> None:
    def interrupt(_found: SearchResult) -> None:
        raise KeyboardInterrupt

    batch = SeedBatch(tuple(range(1, 11)), "reference", "26", code=own_code())
    executor = Answering(Written()(batch))
    with pytest.raises(KeyboardInterrupt):
        simulate(runs=200, executor=executor, workers=2, on_run=interrupt)
    assert len(executor.futures) == 4
    assert all(future.cancelled() for future in executor.futures[1:])


def test_a_search_for_some_time_counts_all_that_was_handed_out() -> None:
    executor = Unreliable(Written(), random.Random(1))
    found = simulate(runs=None, seconds=0.2, executor=executor, workers=1)
    assert found.runs > 0
    assert found.runs % 10 == 0
    assert found.left_out() is None
    assert found.wall_seconds >= 0.2
