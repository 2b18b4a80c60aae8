"""Judges several built-in subjects at the same time, each in a process of its own, on all processors."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

from conformance.interruptions import block_sigint
from conformance.reports.report import Report

Job = TypeVar("Job")


def side_by_side(
    judge: Callable[[Job], Report], jobs: Sequence[Job], on_report: Callable[[Report], None], workers: int | None = None
) -> list[Report]:
    """The reports of all jobs, in the order of the jobs; `on_report` gets each when it is done.

    `judge` and the jobs are sent to other processes. An interruption ends these processes; what one of them raises is
    raised here.
    """
    context = multiprocessing.get_context("spawn")  # fork copies threads' locks
    pool = ProcessPoolExecutor(min(workers or os.cpu_count() or 1, len(jobs)), mp_context=context)
    try:
        with block_sigint():
            futures = [pool.submit(judge, job) for job in jobs]
        for future in as_completed(futures):
            on_report(future.result())
        return [future.result() for future in futures]
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
