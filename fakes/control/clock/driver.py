"""What moves a virtual clock: steps, or a thread that lets it run; and who works besides the fakes' own timers.

One lock is held while time moves, so that whoever holds it sees the world stand still.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Protocol

from fakes.clock import VirtualClock

TICK = 0.05
"""Real seconds between two steps while the clock runs."""
LONGEST_TICK = 0.25
"""Real seconds that are made up for at once, after a step took longer."""
LONGEST_STEP = 0.2
"""Real seconds after which a step of a running clock is broken off, so that others get the lock."""
LONG_STEP = 3600.0
"""Virtual seconds. In a longer step the worker is called at most MOST_CALLS times: a poll every few seconds, in each of
which nothing is new, would make three days take minutes."""
MOST_CALLS = 1000


class Worker(Protocol):
    """Who has work at moments of virtual time, such as a relay."""

    def next_due(self) -> datetime | None:
        """When `work` is due; None: not at all."""
        ...

    def work(self) -> None:
        """Do what is due now."""
        ...


class Nobody:
    """A worker without work."""

    def next_due(self) -> datetime | None:
        return None

    def work(self) -> None:
        """Nothing."""


class TimeDriver:
    """Moves `clock`. All of its state is read and changed under `lock`, which may be held by the same thread twice."""

    def __init__(self, clock: VirtualClock, worker: Worker | None = None) -> None:
        self.clock = clock
        self.worker: Worker = Nobody() if worker is None else worker
        self.lock = threading.RLock()
        self.running = False
        self.speed = 1.0
        self.failure: BaseException | None = None
        """What stopped a running clock; None if nothing did."""
        self._thread: threading.Thread | None = None
        self._ended = False

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass; everything that comes due on the way happens at its time."""
        with self.lock:
            end = self.clock.now() + timedelta(seconds=seconds)
            self.advance_to(end, seconds / MOST_CALLS if seconds > LONG_STEP else 0.0)

    def advance_to(self, end: datetime, pause: float = 0.0, until: Callable[[], bool] = lambda: False) -> None:
        """Let time pass to `end`, or until `until` holds. `pause`: the least seconds between two calls of the worker.

        If `until` does not end it, all that is due at `end` has happened.
        """
        with self.lock:
            earliest: datetime | None = None
            while not (self._ended or until()):
                due = self._worker_due(earliest)
                moments = [moment for moment in (due, self.clock.next_due()) if moment is not None]
                self.clock.advance_to(min([end, *moments]))
                due = self._worker_due(earliest)
                if due is not None and due <= self.clock.now():
                    earliest = self.clock.now() + timedelta(seconds=pause) if pause else None
                    self.worker.work()
                elif self.clock.now() >= end:
                    return

    def _worker_due(self, earliest: datetime | None) -> datetime | None:
        due = self.worker.next_due()
        return due if due is None or earliest is None else max(due, earliest)

    def next_due(self) -> datetime | None:
        """When something is due next; None if nothing is."""
        with self.lock:
            moments = (self.worker.next_due(), self.clock.next_due())
            return min((max(one, self.clock.now()) for one in moments if one is not None), default=None)

    def run(self, running: bool, speed: float) -> None:
        """Let the clock run at `speed` virtual seconds a real second, or stand still."""
        with self.lock:
            self.running, self.speed, self.failure = running, speed, None
            if running and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="virtual time", daemon=True)
                self._thread.start()

    def end(self, patience: float) -> None:
        """Let nobody move the clock again, and wait until whoever does has stopped, at most `patience` real seconds."""
        self._ended, self.running = True, False
        if self.lock.acquire(timeout=patience):
            self.lock.release()

    def _run(self) -> None:
        before = monotonic()
        pause = threading.Event()
        while True:
            pause.wait(TICK)
            with self.lock:
                if not self.running:
                    self._thread = None
                    return
                now = monotonic()
                passed, before = min(now - before, LONGEST_TICK), now
                try:
                    self._run_for(passed * self.speed, now + LONGEST_STEP)
                except BaseException as failure:  # of the worker: whoever looks at the clock is told
                    self.running, self.failure = False, failure

    def _run_for(self, seconds: float, deadline: float) -> None:
        end = self.clock.now() + timedelta(seconds=seconds)
        self.advance_to(end, until=lambda: monotonic() > deadline and self._is_done())

    def _is_done(self) -> bool:
        """Whether nothing more is due at this moment."""
        due = self.next_due()
        return due is None or due > self.clock.now()
