"""Looks at a run while it lasts: what waits where, and which process is busy."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import psutil

from loadtests.driving.driver import Driver
from loadtests.results import MACHINE, Watched
from loadtests.running.counts import QUEUE, Progress


class Meter:
    """Processor time and memory of one process, with its children unless it is `alone`, from one look to the next."""

    def __init__(self, pid: int, *, alone: bool = False) -> None:
        self._process, self._alone = None, alone
        with suppress(psutil.Error):
            self._process = psutil.Process(pid)
        self._spent = self._seconds()

    def _all(self) -> Sequence[psutil.Process]:
        if self._process is None:
            return ()
        with suppress(psutil.Error):
            return (self._process, *(() if self._alone else self._process.children(recursive=True)))
        return ()

    def _seconds(self) -> float:
        total = 0.0
        for one in self._all():
            with suppress(psutil.Error):
                times = one.cpu_times()
                total += times.user + times.system
        return total

    def spent(self) -> float:
        """Seconds of processor time since the last call."""
        before, self._spent = self._spent, self._seconds()
        return max(0.0, self._spent - before)

    def memory_mb(self) -> float:
        """Resident memory in megabytes."""
        total = 0.0
        for one in self._all():
            with suppress(psutil.Error):
                total += one.memory_info().rss / 1e6
        return total


class Watch:
    """Takes looks. `pids` are the processes by name; `seconds` a clock that only grows, `now` the fakes' time.

    `progress` knows the documents that were stored before.
    """

    def __init__(
        self, progress: Progress, driver: Driver, pids: Mapping[str, int | None], seconds: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self.looks: list[Watched] = []
        self._progress, self._driver, self._seconds, self._now = progress, driver, seconds, now
        generator = {f"load generator {number}": pid for number, pid in enumerate(driver.pids, 1)}
        named = {**pids, **(generator if len(generator) > 1 else {"load generator": next(iter(driver.pids), None)})}
        self._meters = {name: Meter(pid) for name, pid in named.items() if pid is not None}
        self._meters["harness"] = Meter(os.getpid(), alone=True)
        self._last = seconds()
        self._seen, self._stored = 0, progress.due
        self._sent: Counter[str] = Counter()
        psutil.cpu_percent()

    def look(self, due: int) -> Watched:
        """Take a look; `due` is how many reminders have become due in bulk so far."""
        sent = self._driver.sent
        new, self._seen = sent[self._seen :], len(sent)
        self._sent.update(one.who for one in new if one.ok)
        self._progress.due = self._stored + self._sent["cht"]
        self._progress.look()
        passed, self._last = max(1e-6, self._seconds() - self._last), self._seconds()
        found = Watched(
            at=self._now(),
            sent_in=self._sent["people"],
            sent_out=self._sent["cht"] + due,
            reports=min(self._progress.reports, self._sent["people"]),
            on_phones=self._progress.on_phones,
            channel_queue=round(self._progress.now.get(QUEUE, 0)),
            cpu={
                **{name: round(meter.spent() / passed, 3) for name, meter in self._meters.items()},
                MACHINE: round(psutil.cpu_percent() / 100, 3),
            },
            memory_mb={name: round(meter.memory_mb(), 1) for name, meter in self._meters.items()},
            lag_ms=round(max((one.lag_ms for one in new), default=0.0), 1),
        )
        self.looks.append(found)
        return found
