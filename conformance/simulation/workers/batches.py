"""A batch of seeds and the answer to it: all that goes to a worker, on this machine or another, and comes back."""

from __future__ import annotations

import os
import socket
import threading
import traceback
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conformance.simulation.generate import generate
from conformance.simulation.results import SeedResult
from conformance.simulation.run_schedule import run_schedule
from conformance.simulation.schedule import Schedule
from conformance.simulation.workers.own_code import own_code
from conformance.simulation.worlds import OpenWorld, world_opener
from conformance.subjects.in_process import quick_folder

ONE_AT_A_TIME = threading.Lock()
"""Runs of one process share ids and a folder, and would only take turns: a worker with threads runs one batch after
the other."""


@dataclass(frozen=True, slots=True)
class SeedBatch:
    """Some seeds for one worker. With `stop_at_first`, those after the first failing one need not be run."""

    seeds: tuple[int, ...]
    subject: str
    profile: str
    stop_at_first: bool = False
    code: str = ""
    """The code that must run them, as `own_code` names it."""
    attempt: int = 1
    """How often it has been handed out. Executors that know a call by its arguments thus see another one."""


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """What a worker found."""

    results: tuple[SeedResult, ...] = ()
    worker: str = ""
    """Its machine and process."""
    code: str = ""
    """The code that it runs. Nothing was run if that is not the code of the batch."""
    problem: str | None = None
    """Why the harness failed there: it would fail anywhere."""

    def answers(self, batch: SeedBatch) -> bool:
        """Whether the results are those of the batch's seeds, in their order and each once."""
        seeds = tuple(result.seed for result in self.results)
        stopped = batch.stop_at_first and bool(seeds) and bool(self.results[-1].kinds)
        return seeds == batch.seeds[: len(seeds)] and (stopped or len(seeds) == len(batch.seeds))


def run_batch(batch: SeedBatch) -> BatchAnswer:
    """Run the schedules of a batch; executed by a worker. What goes wrong in a run is in the answer."""
    worker = f"{socket.gethostname()}, process {os.getpid()}"
    if batch.code != own_code():
        return BatchAnswer(worker=worker, code=own_code())
    try:
        with ONE_AT_A_TIME:
            results = tuple(_run(batch))
    except Exception:  # whatever it is, it would be so on any worker: told, not tried again
        return BatchAnswer(worker=worker, code=own_code(), problem=traceback.format_exc())
    return BatchAnswer(results, worker, own_code())


def _run(batch: SeedBatch) -> list[SeedResult]:
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
