"""Searches many schedules for those that the subject does not survive: on all processors, or on any executor."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from conformance.checks import Violation
from conformance.interruptions import block_sigint
from conformance.simulation.generate import generate
from conformance.simulation.results import SearchResult, SeedOrder, SeedResult
from conformance.simulation.run_schedule import run_schedule
from conformance.simulation.schedule import Schedule
from conformance.simulation.shrink import shrink
from conformance.simulation.workers.batches import SeedBatch
from conformance.simulation.workers.handing_out import HandedOut
from conformance.simulation.workers.own_code import own_code
from conformance.simulation.worlds import OpenWorld, world_opener

CHUNK = 10
"""Seeds a batch: half a second of work, or a few."""


def simulate(
    *,
    seed: int = 1,
    runs: int | None = 100,
    subject: str = "reference",
    profile: str = "26",
    seconds: float | None = None,
    stop_at_first: bool = False,
    executor: Executor | None = None,
    workers: int | None = None,
    on_run: Callable[[SearchResult], None] = lambda _found: None,
) -> SearchResult:
    """Run the fault schedules of `seed`, `seed + 1`, ... until `runs` are done or `seconds` have passed.

    `executor` runs batches of seeds: any of `concurrent.futures`, such as `Client.get_executor()` of Dask, on whose
    machines this package must be installed. It is not shut down. Default: a process on each processor. `workers` is the
    number of batches that it can run at a time. `on_run` gets the result so far after each batch.

    The result is in the order of the seeds, and the same on every executor. A batch whose worker is lost is run again,
    and counted once. With `stop_at_first` it ends with the lowest failing seed: what other workers found behind it does
    not count. Raises HarnessBroken if the seeds cannot be run, or a worker runs other code than this process.
    """
    found = SearchResult(seed, subject, requested=runs)
    began = time.monotonic()
    batches = _batches(seed, subject, profile, runs, stop_at_first)
    order = SeedOrder(seed)
    count = workers or os.cpu_count() or 1
    with _executor(executor, count) as pool:
        handed_out = HandedOut(pool)

        def hand_out(places: int) -> None:
            """As many more batches, unless the search is over."""
            late = seconds is not None and time.monotonic() - began >= seconds
            if not (late or (stop_at_first and order.failing())):
                for _, batch in zip(range(places), batches, strict=False):
                    handed_out.hand_out(batch)

        try:
            with block_sigint():
                hand_out(2 * count)
            while len(handed_out) and not found.stopped_at_first:
                for results in handed_out.answered():
                    _count(found, order.release(results), stop_at_first)
                    found.wall_seconds = time.monotonic() - began
                    on_run(found)
                    if not found.stopped_at_first:
                        hand_out(1)
        finally:
            handed_out.cancel()
    found.wall_seconds = time.monotonic() - began
    return found


@contextmanager
def _executor(given: Executor | None, count: int) -> Iterator[Executor]:
    """The given executor, or processes of this machine that end with the block."""
    if given is not None:
        yield given
        return
    context = multiprocessing.get_context("spawn")  # fork copies threads' locks
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        yield pool


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
        yield SeedBatch(tuple(range(start, end)), subject, profile, stop_at_first, own_code())
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
