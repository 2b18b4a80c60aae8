"""Searches many schedules for those that the subject does not survive, on all processors."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from conformance.simulation.generate import generate
from conformance.simulation.run_schedule import run_schedule, same_kind
from conformance.simulation.schedule import Schedule
from conformance.simulation.shrink import shrink
from conformance.simulation.worlds import OpenWorld, world_opener
from conformance.subjects.in_process import quick_folder

CHUNK = 10
KEPT = 5
"""How many failing schedules are shrunk and saved; further ones are only counted."""


@dataclass(frozen=True, slots=True)
class SeedBatch:
    """Some seeds for one worker."""

    seeds: tuple[int, ...]
    subject: str
    profile: str


@dataclass(frozen=True, slots=True)
class SeedResult:
    """The result of one seed, as a worker returns it."""

    seed: int
    texts: int
    faults: int
    virtual_seconds: float
    kinds: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()


@dataclass
class SearchResult:
    """The result of the whole search; `as_json` is the shape of `simulate --json`."""

    seed: int
    subject: str
    runs: int = 0
    texts: int = 0
    faults: int = 0
    virtual_seconds: float = 0.0
    wall_seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    violations: list[dict[str, Any]] = field(default_factory=list)
    failing: list[int] = field(default_factory=list)

    def add(self, result: SeedResult) -> None:
        """Count one run."""
        self.runs += 1
        self.texts += result.texts
        self.faults += result.faults
        self.virtual_seconds += result.virtual_seconds
        if result.kinds:
            self.failing.append(result.seed)
            self.kinds.update(result.kinds)
            self.violations.append({"seed": result.seed, "what": list(result.sentences[:5])})

    def as_json(self) -> dict[str, Any]:
        counted = ("lost", "duplicated", "wrong-state")
        return {
            "runs": self.runs,
            "seed": self.seed,
            "subject": self.subject,
            "texts": self.texts,
            "faults": self.faults,
            "lost": self.kinds["lost"],
            "duplicated": self.kinds["duplicated"],
            "wrong_state": self.kinds["wrong-state"],
            "other": sum(count for kind, count in self.kinds.items() if kind not in counted),
            "violations": self.violations,
            "failing_seeds": sorted(self.failing),
            "virtual_seconds": round(self.virtual_seconds, 3),
            "wall_seconds": round(self.wall_seconds, 3),
        }


def run_batch(batch: SeedBatch) -> list[SeedResult]:
    """Run the schedules of a batch; executed by a worker."""
    open_world = world_opener(batch.subject, process_folder())
    return [run_seed(generate(seed, subject=batch.subject, profile=batch.profile), open_world) for seed in batch.seeds]


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
    """Run the schedules of `seed`, `seed + 1`, ... until `runs` are done or `seconds` have passed."""
    found = SearchResult(seed, subject)
    began = time.monotonic()
    batches = _batches(seed, subject, profile, runs)
    count = workers or os.cpu_count() or 1

    def over() -> bool:
        late = seconds is not None and time.monotonic() - began >= seconds
        return late or (stop_at_first and bool(found.failing))

    context = multiprocessing.get_context("spawn")  # fork copies threads' locks
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        try:
            with block_sigint():
                waiting = {pool.submit(run_batch, batch) for batch in itertools.islice(batches, 2 * count)}
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    for result in future.result():
                        found.add(result)
                    found.wall_seconds = time.monotonic() - began
                    on_run(found)
                    batch = None if over() else next(batches, None)
                    if batch is not None:
                        waiting.add(pool.submit(run_batch, batch))
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    found.wall_seconds = time.monotonic() - began
    return found


@contextlib.contextmanager
def block_sigint() -> Iterator[None]:
    """Processes started inside never get Ctrl-C, which a terminal sends to all: this process ends them in order."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _batches(seed: int, subject: str, profile: str, runs: int | None) -> Iterator[SeedBatch]:
    start = seed
    while runs is None or start < seed + runs:
        end = start + CHUNK if runs is None else min(start + CHUNK, seed + runs)
        yield SeedBatch(tuple(range(start, end)), subject, profile)
        start = end


def smallest(seed: int, subject: str, profile: str) -> Schedule:
    """The failing schedule of `seed`, shrunk, with its violations."""
    schedule = generate(seed, subject=subject, profile=profile)
    original = run_schedule(schedule, world_opener(subject))
    small = shrink(schedule, lambda candidate: same_kind(original, run_schedule(candidate, world_opener(subject))))
    final = run_schedule(small, world_opener(subject))
    return replace(small, found=tuple(map(str, final.violations)))
