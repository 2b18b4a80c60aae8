"""The server of a benchmark: the fakes in a process of their own, on one core, with its processor time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fakes.serving.process import Addresses, start_fakes

UNMATCHED = {"service": "rapidpro", "effect": "refuse", "match": {"path": "/never"}, "times": None}
"""A fault that no request matches: the plan is not empty and is searched at every request."""


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """Processor seconds and memory of a process."""

    cpu_seconds: float
    rss_mib: float


def process_usage(pid: int) -> ProcessUsage:
    """The usage of a process so far, from /proc (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
    ticks = int(fields[11]) + int(fields[12])
    pages = int(fields[21])
    return ProcessUsage(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


@contextmanager
def pinned_fakes(services: tuple[str, ...], module: str = "fakes") -> Iterator[Addresses]:
    """Fakes on the first core, this process on the others (where there are others). `module` as in `start_fakes`."""
    cores = sorted(os.sched_getaffinity(0))
    profile = "26" if module == "fakes" and "rapidpro" in services else None
    with start_fakes(services, profile=profile, module=module) as addresses:
        for task in Path(f"/proc/{addresses.pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {cores[0]})
        os.sched_setaffinity(0, set(cores[1:]) or set(cores))
        try:
            yield addresses
        finally:
            os.sched_setaffinity(0, set(cores))
