"""Processes of a benchmark: their processor time and memory, and the core that they run on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """Processor seconds and memory of a process."""

    cpu_seconds: float
    rss_mib: float


def process_usage(pid: int) -> ProcessUsage:
    """The usage so far of a process and of those that it started and that still run."""
    process = psutil.Process(pid)
    cpu_seconds, rss = 0.0, 0
    for one in (process, *process.children(recursive=True)):
        times = one.cpu_times()
        cpu_seconds += times.user + times.system
        rss += one.memory_info().rss
    return ProcessUsage(cpu_seconds, rss / 2**20)


@contextmanager
def pinned(*servers: int) -> Iterator[None]:
    """These processes on the first core and this one on the others, where the system can do that (Linux)."""
    if not hasattr(os, "sched_setaffinity"):
        print("this system pins no process to a core: the figures vary more from run to run", file=sys.stderr)
        yield
        return
    cores = sorted(os.sched_getaffinity(0))
    try:
        for task in (task for pid in servers for task in Path(f"/proc/{pid}/task").iterdir()):
            with suppress(ProcessLookupError):  # a thread that has just ended
                os.sched_setaffinity(int(task.name), {cores[0]})
        os.sched_setaffinity(0, set(cores[1:]) or set(cores))
        yield
    finally:
        os.sched_setaffinity(0, set(cores))
