"""The server of a benchmark: the fakes in a process of their own, on one core, with its processor time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from fakes.serving.process import Addresses, start_fakes

UNMATCHED = {"service": "rapidpro", "effect": "refuse", "match": {"path": "/never"}, "times": None}
"""A fault that no request matches: the plan is not empty and is searched at every request."""


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """Processor seconds and memory of a process."""

    cpu_seconds: float
    rss_mib: float


def process_usage(pid: int) -> ProcessUsage:
    """The usage of a process so far."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    return ProcessUsage(times.user + times.system, process.memory_info().rss / 2**20)


@contextmanager
def pinned_fakes(services: tuple[str, ...], module: str = "fakes") -> Iterator[Addresses]:
    """Fakes on the first core, this process on the others (where there are others). `module` as in `start_fakes`."""
    profile = "26" if module == "fakes" and "rapidpro" in services else None
    with start_fakes(services, profile=profile, module=module) as addresses, _pinned(addresses.pid):
        yield addresses


@contextmanager
def _pinned(pid: int) -> Iterator[None]:
    """A process on the first core and this one on the others, where the system can do that (Linux)."""
    if not hasattr(os, "sched_setaffinity"):
        print("this system pins no process to a core: the figures vary more from run to run", file=sys.stderr)
        yield
        return
    cores = sorted(os.sched_getaffinity(0))
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {cores[0]})
        os.sched_setaffinity(0, set(cores[1:]) or set(cores))
        yield
    finally:
        os.sched_setaffinity(0, set(cores))
