"""Time as an object that is passed in: real time, or virtual time that moves only when it is advanced.

All moments are aware datetimes in UTC; all durations are in seconds. No other module of the fakes reads the real clock.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

Action = Callable[[], None]
LAST_FAILURES = 100
"""Exceptions that are kept for whoever looks for them."""


class Timer:
    """One action that waits for its time; after `cancel` it never runs."""

    __slots__ = ("action", "cancelled", "when")

    def __init__(self, when: datetime, action: Action) -> None:
        self.when = when
        self.action = action
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Clock(Protocol):
    """The clock that everything with a need for time receives."""

    kind: Literal["system", "virtual"]

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...

    def timestamp(self) -> float:
        """The current time as seconds since 1970."""
        ...

    def call_at(self, when: datetime, action: Action) -> Timer:
        """Run `action` once at `when`; if that is past, as soon as possible, but not inside this call."""
        ...

    def call_later(self, seconds: float, action: Action) -> Timer:
        """Run `action` once, `seconds` from now."""
        ...


class _TimerQueue:
    """Waiting timers in order of time; equal times in order of insertion. Thread-safe."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Timer]] = []
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def add(self, timer: Timer) -> None:
        with self._lock:
            heapq.heappush(self._heap, (timer.when, next(self._numbers), timer))

    def next_due(self) -> datetime | None:
        first = self.first()
        return None if first is None else first.when

    def first(self) -> Timer | None:
        with self._lock:
            while self._heap and self._heap[0][2].cancelled:
                heapq.heappop(self._heap)
            return self._heap[0][2] if self._heap else None

    def pop_due(self, until: datetime) -> Timer | None:
        """Remove and return the earliest timer due by `until`; None if nothing is due."""
        with self._lock:
            while self._heap and self._heap[0][0] <= until:
                timer = heapq.heappop(self._heap)[2]
                if not timer.cancelled:
                    return timer
            return None

    def clear(self) -> None:
        with self._lock:
            self._heap.clear()


class VirtualClock:
    """Time that moves only by `advance`, which runs the timers that come due, in order.

    In whole microseconds, so that equal schedules give equal histories. Time cannot go backwards.
    """

    kind: Literal["system", "virtual"] = "virtual"

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start if start is not None else datetime(2024, 10, 1, 8, 0, tzinfo=UTC)
        if self._now.tzinfo is None:
            raise ValueError(f"expected an aware start time, got {start!r}: add a time zone")
        self._now = self._now.astimezone(UTC)
        self._timers = _TimerQueue()

    def now(self) -> datetime:
        return self._now

    def timestamp(self) -> float:
        return self._now.timestamp()

    def call_at(self, when: datetime, action: Action) -> Timer:
        timer = Timer(max(when, self._now), action)
        self._timers.add(timer)
        return timer

    def call_later(self, seconds: float, action: Action) -> Timer:
        return self.call_at(self._now + timedelta(seconds=seconds), action)

    def next_due(self) -> datetime | None:
        """When the next timer is due; None if no timer waits."""
        return self._timers.next_due()

    def next_timer(self) -> Timer | None:
        """The timer that is due next; None if no timer waits."""
        return self._timers.first()

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass. Raises ValueError for a negative number."""
        if not seconds >= 0:
            raise ValueError(f"time cannot go backwards: expected 0 or more seconds, got {seconds!r}")
        self.advance_to(self._now + timedelta(seconds=seconds))

    def advance_to(self, when: datetime) -> None:
        """Let time pass until `when`; does nothing if that is past."""
        while (timer := self._timers.pop_due(when)) is not None:
            self._now = max(self._now, timer.when)
            timer.action()
        self._now = max(self._now, when)

    def reset(self, start: datetime) -> None:
        """Remove all timers and set the time to `start`: only for a world that starts over."""
        self._timers.clear()
        self._now = start


class SystemClock:
    """Real time; timers run one after another in a daemon thread that starts with the first timer."""

    kind: Literal["system", "virtual"] = "system"

    def __init__(self) -> None:
        self._timers = _TimerQueue()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()
        self._closed = False
        self.failures: deque[BaseException] = deque(maxlen=LAST_FAILURES)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def timestamp(self) -> float:
        return time.time()

    def call_at(self, when: datetime, action: Action) -> Timer:
        timer = Timer(when, action)
        earliest = self._timers.next_due()
        self._timers.add(timer)
        if self._thread is None:
            self._start()
        if earliest is None or when < earliest:
            self._wake.set()
        return timer

    def call_later(self, seconds: float, action: Action) -> Timer:
        return self.call_at(self.now() + timedelta(seconds=seconds), action)

    def clear(self) -> None:
        """Remove all timers: only for a world that starts over."""
        self._timers.clear()

    def close(self) -> None:
        """Stop the thread; waiting timers never run."""
        self._closed = True
        self._wake.set()

    def _start(self) -> None:
        with self._start_lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="clock", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._closed:
            while (timer := self._timers.pop_due(self.now())) is not None:
                try:
                    timer.action()
                except Exception as failure:  # one failing timer must not stop all others
                    self.failures.append(failure)
            due = self._timers.next_due()
            wait = None if due is None else max(0.0, (due - self.now()).total_seconds())
            self._wake.wait(wait)
            self._wake.clear()


def parse_moment(text: str) -> datetime:
    """An ISO 8601 time as an aware UTC datetime; without an offset it is read as UTC. Raises ValueError."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (OverflowError, TypeError, ValueError):  # its offset may lead beyond the years 1 to 9999
        raise ValueError(f"expected an ISO 8601 time such as 2024-10-01T08:00:00Z, got {text!r}") from None


def format_moment(moment: datetime) -> str:
    """The moment such as `2024-10-01T08:00:00.000000Z`, always with six digits."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
