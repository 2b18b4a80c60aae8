"""Searches many schedules for one that the subject does not survive, on all processors."""

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
from conformance.simulation.play import play, same_kind
from conformance.simulation.schedule import Schedule
from conformance.simulation.shrink import shrink
from conformance.simulation.worlds import Open, opener
from conformance.subjects.in_process import quick_folder

CHUNK = 10
KEPT = 5
"""So many failing schedules are shrunk and saved; further ones are only counted."""


@dataclass(frozen=True, slots=True)
class Task:
    """A handful of seeds for one worker."""

    seeds: tuple[int, ...]
    subject: str
    profile: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a worker found for one seed."""

    seed: int
    texts: int
    faults: int
    virtual_seconds: float
    kinds: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()


@dataclass
class Found:
    """What the whole search found; the shape of `simulate --json`."""

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

    def add(self, finding: Finding) -> None:
        """Count one run."""
        self.runs += 1
        self.texts += finding.texts
        self.faults += finding.faults
        self.virtual_seconds += finding.virtual_seconds
        if finding.kinds:
            self.failing.append(finding.seed)
            self.kinds.update(finding.kinds)
            self.violations.append({"seed": finding.seed, "what": list(finding.sentences[:5])})

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


def run_task(task: Task) -> list[Finding]:
    """Play a handful of schedules: what a worker does."""
    worlds = opener(task.subject, own_folder())
    return [find(generate(seed, subject=task.subject, profile=task.profile), worlds) for seed in task.seeds]


@cache
def own_folder() -> Path:
    """This process's folder for databases, the same for all its runs."""
    return quick_folder()


def find(schedule: Schedule, worlds: Open) -> Finding:
    """Play one schedule."""
    played = play(schedule, worlds)
    kinds = tuple(violation.kind for violation in played.violations)
    sentences = tuple(map(str, played.violations))
    return Finding(schedule.seed, played.texts, played.faults, played.virtual_seconds, kinds, sentences)


def search(
    *,
    seed: int,
    subject: str,
    profile: str,
    runs: int | None = None,
    seconds: float | None = None,
    stop_at_first: bool = False,
    on_run: Callable[[Found], None] = lambda _found: None,
    workers: int | None = None,
) -> Found:
    """Play the schedules of `seed`, `seed + 1`, ... until `runs` are done or `seconds` are over."""
    found = Found(seed, subject)
    began = time.monotonic()
    tasks = _tasks(seed, subject, profile, runs)
    count = workers or os.cpu_count() or 1

    def over() -> bool:
        late = seconds is not None and time.monotonic() - began >= seconds
        return late or (stop_at_first and bool(found.failing))

    context = multiprocessing.get_context("spawn")  # fork copies threads' locks
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        try:
            with left_alone():
                waiting = {pool.submit(run_task, task) for task in itertools.islice(tasks, 2 * count)}
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    for finding in future.result():
                        found.add(finding)
                    found.wall_seconds = time.monotonic() - began
                    on_run(found)
                    task = None if over() else next(tasks, None)
                    if task is not None:
                        waiting.add(pool.submit(run_task, task))
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    found.wall_seconds = time.monotonic() - began
    return found


@contextlib.contextmanager
def left_alone() -> Iterator[None]:
    """Processes started meanwhile never see Ctrl-C, which a terminal sends to all: this one ends them in good order."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _tasks(seed: int, subject: str, profile: str, runs: int | None) -> Iterator[Task]:
    start = seed
    while runs is None or start < seed + runs:
        end = start + CHUNK if runs is None else min(start + CHUNK, seed + runs)
        yield Task(tuple(range(start, end)), subject, profile)
        start = end


def smallest(seed: int, subject: str, profile: str) -> Schedule:
    """The failing schedule of `seed`, shrunk, with what it shows."""
    schedule = generate(seed, subject=subject, profile=profile)
    whole = play(schedule, opener(subject))
    small = shrink(schedule, lambda candidate: same_kind(whole, play(candidate, opener(subject))))
    shown = play(small, opener(subject))
    return replace(small, found=tuple(map(str, shown.violations)))
