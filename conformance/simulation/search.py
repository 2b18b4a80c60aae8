"""Searches many schedules for those that the subject does not survive, on all processors."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from conformance.checks import Violation
from conformance.interruptions import block_sigint
from conformance.simulation.generate import generate
from conformance.simulation.results import SearchResult, SeedOrder, SeedResult
from conformance.simulation.run_schedule import run_schedule
from conformance.simulation.schedule import Schedule
from conformance.simulation.shrink import shrink
from conformance.simulation.worlds import OpenWorld, world_opener
from conformance.subjects.in_process import quick_folder

CHUNK = 10


@dataclass(frozen=True, slots=True)
class SeedBatch:
    """Some seeds for one worker. With `stop_at_first`, those after the first failing one need not be run."""

    seeds: tuple[int, ...]
    subject: str
    profile: str
    stop_at_first: bool = False


def run_batch(batch: SeedBatch) -> list[SeedResult]:
    """Run the schedules of a batch; executed by a worker."""
    open_world = world_opener(batch.subject, process_folder())
    results: list[SeedResult] = []
    for seed in batch.seeds:
        results.append(run_seed(generate(seed, subject=batch.subject, profile=batch.profile), open_world))
        if batch.stop_at_first and results[-1].kinds:
            break
    return results


@cache
def process_folder() -> Path:
    """The folder of this process for databases, the same for all its runs."""
    return quick_folder()


def run_seed(schedule: Schedule, open_world: OpenWorld) -> SeedResult:
    """Run one schedule."""
    result = run_schedule(schedule, open_world)
    kinds = tuple(violation.kind for violation in result.violations)
    sentences = tuple(map(str, result.violations))
    return SeedResult(schedule.seed, result.texts, result.faults, result.virtual_seconds, kinds, sentences)


def search(
    *,
    seed: int,
    subject: str,
    profile: str,
    runs: int | None = None,
    seconds: float | None = None,
    stop_at_first: bool = False,
    on_run: Callable[[SearchResult], None] = lambda _found: None,
    workers: int | None = None,
) -> SearchResult:
    """Run the schedules of `seed`, `seed + 1`, ... until `runs` are done or `seconds` have passed.

    The result is in the order of the seeds. With `stop_at_first` it ends with the lowest failing seed: what other
    workers found behind it does not count, so that the result does not depend on which of them was faster.
    """
    found = SearchResult(seed, subject, requested=runs)
    began = time.monotonic()
    batches = _batches(seed, subject, profile, runs, stop_at_first)
    order = SeedOrder(seed)
    count = workers or os.cpu_count() or 1

    def over() -> bool:
        late = seconds is not None and time.monotonic() - began >= seconds
        return late or (stop_at_first and order.failing())

    context = multiprocessing.get_context("spawn")  # fork copies threads' locks
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        try:
            with block_sigint():
                waiting = {pool.submit(run_batch, batch) for batch in itertools.islice(batches, 2 * count)}
            while waiting and not found.stopped_at_first:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    _count(found, order.release(future.result()), stop_at_first)
                    found.wall_seconds = time.monotonic() - began
                    on_run(found)
                    batch = None if found.stopped_at_first or over() else next(batches, None)
                    if batch is not None:
                        waiting.add(pool.submit(run_batch, batch))
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
        pool.shutdown(cancel_futures=True)
    found.wall_seconds = time.monotonic() - began
    return found


def _count(found: SearchResult, results: Iterable[SeedResult], stop_at_first: bool) -> None:
    """Count results in order of their seeds; nothing after the first failing one with `stop_at_first`."""
    for result in results:
        if found.stopped_at_first:
            return
        found.add(result)
        found.stopped_at_first = stop_at_first and bool(found.failing)


def _batches(seed: int, subject: str, profile: str, runs: int | None, stop_at_first: bool) -> Iterator[SeedBatch]:
    start = seed
    while runs is None or start < seed + runs:
        end = start + CHUNK if runs is None else min(start + CHUNK, seed + runs)
        yield SeedBatch(tuple(range(start, end)), subject, profile, stop_at_first)
        start = end


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A failing schedule, shrunk, and what it was shrunk from."""

    schedule: Schedule
    """Its `found` holds the violations that are left."""
    dropped: tuple[Violation, ...]
    """Violations of the whole schedule whose check and kind the shrunk one does not show."""


def shrink_failing(schedule: Schedule, open_world: OpenWorld) -> Shrunk:
    """Shrink `schedule` as far as it still shows its first violation, by check and kind: the one that is listed."""
    original = run_schedule(schedule, open_world).violations
    if not original:
        return Shrunk(schedule, ())
    first = original[0]
    small = shrink(schedule, lambda candidate: run_schedule(candidate, open_world).shows(first))
    final = run_schedule(small, open_world)
    dropped = tuple(violation for violation in original if not final.shows(violation))
    return Shrunk(replace(small, found=tuple(map(str, final.violations))), dropped)


def smallest(seed: int, subject: str, profile: str) -> Schedule:
    """The failing schedule of `seed`, shrunk, with its violations."""
    return shrink_failing(generate(seed, subject=subject, profile=profile), world_opener(subject)).schedule
