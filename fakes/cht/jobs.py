"""Work that takes its time: while one task waits for an answer, time and all others go on.

The real server is one process in which each pass of its background work waits for answers without holding up the rest.
With real time a task is a thread. With a virtual clock it is a thread too, but only one runs at any moment: a task runs
until it waits, then whoever moves the clock goes on, and the clock wakes the task when its time has come. So equal
schedules give equal histories, and two passes can overlap without a second of real time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from fakes.clock import Clock, Timer, VirtualClock

Action = Callable[[], None]
SOCKET_SECONDS = 15.0
"""Real seconds for which a virtual clock stands still for a task, which then calls over a socket; then it goes on."""


class Gone(BaseException):
    """Raised in a task that is to end now. Not an Exception: nobody who handles failures shall keep it going."""


class Tasks:
    """Starts tasks on a clock, and lets time pass inside and outside of them.

    An in-process transport adapter over which tasks call must be given `pass_time`, so that a slow answer holds up only
    the task that asked. If it is given the clock's own `advance` instead, the world moves on inside the task: then no
    other task begins meanwhile, and nothing overlaps.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._parked: list[_VirtualTask] = []
        self.failures: list[BaseException] = []
        """What ended tasks in real time, where nobody else would see it."""

    def start(self, action: Action) -> bool:
        """Begin a task; False if that cannot be now. With a virtual clock it has run up to its first wait or its end.

        What a task raises is raised here or, if it has waited, by the clock's `advance`.
        """
        if not isinstance(self._clock, VirtualClock):
            _TaskThread(_RealTask(), lambda: self._run(action)).start()
            return True
        if _current() is not None:
            return False
        _VirtualTask(self._clock, action, self._parked).resume()
        return True

    def pass_time(self, seconds: float) -> None:
        """Let seconds pass: for the task that calls this, or for all if none does."""
        task = _current()
        if task is not None:
            task.wait(seconds)
        elif isinstance(self._clock, VirtualClock):
            self._clock.advance(seconds)
        else:
            threading.Event().wait(seconds)

    def pause(self, seconds: float) -> None:
        """Let seconds pass if only a task waits for it; elsewhere nothing happens."""
        task = _current()
        if task is not None:
            task.wait(seconds)

    def stop(self) -> None:
        """End all tasks that wait. Those in real time wait for answers, and end by themselves when these come."""
        for task in list(self._parked):
            task.end()

    def _run(self, action: Action) -> None:
        try:
            action()
        except Gone:
            pass
        except BaseException as failure:
            self.failures.append(failure)


class _Task(Protocol):
    def wait(self, seconds: float) -> None: ...


class _TaskThread(threading.Thread):
    """A thread that knows its task."""

    def __init__(self, task: _Task, target: Action) -> None:
        super().__init__(target=target, name="cht-task", daemon=True)
        self.task = task


def _current() -> _Task | None:
    thread = threading.current_thread()
    return thread.task if isinstance(thread, _TaskThread) else None


class _RealTask:
    """A task in real time."""

    def wait(self, seconds: float) -> None:
        threading.Event().wait(seconds)


class _VirtualTask:
    """One action in a thread that runs only while the thread that resumed it waits."""

    def __init__(self, clock: VirtualClock, action: Action, parked: list[_VirtualTask]) -> None:
        self._clock = clock
        self._action = action
        self._parked = parked
        self._go = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        self._timer: Timer | None = None
        self._ending = False
        self._failure: BaseException | None = None
        self._thread = _TaskThread(self, self._run)

    def resume(self) -> None:
        """Let it run until it waits or ends. Raises what it raised."""
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._parked.remove(self)
            self._go.release()
        self._back.acquire(timeout=SOCKET_SECONDS)
        if self._failure is not None:
            raise self._failure

    def wait(self, seconds: float) -> None:
        """Called in the task: go on when the clock has moved by so many seconds. Raises Gone."""
        if not self._ending:
            self._timer = self._clock.call_later(seconds, self.resume)
            self._parked.append(self)
            self._back.release()
            self._go.acquire()
        if self._ending:
            raise Gone

    def end(self) -> None:
        """Called outside: end it where it waits."""
        if self._timer is not None:
            self._timer.cancel()
        self._ending = True
        self.resume()

    def _run(self) -> None:
        try:
            self._action()
        except Gone:
            pass
        except BaseException as failure:
            self._failure = failure
        finally:
            self._back.release()
