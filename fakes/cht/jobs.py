"""Concurrent jobs: while one job waits for a reply, time and all other jobs go on.

The real server is one process in which each pass of its background work waits for replies without blocking the rest.
In real time a job is a thread. With a virtual clock it is a thread too, but only one thread runs at any moment: a job
runs until it waits, then the caller that moves the clock goes on, and the clock resumes the job when its time has come.
So equal schedules give equal histories, and two passes can overlap without any real time passing.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from fakes.clock import LAST_FAILURES, Clock, Timer, VirtualClock

Action = Callable[[], None]
SOCKET_SECONDS = 15.0
"""Real seconds that a virtual clock waits for a job, for example one that calls over a socket; then it goes on."""


class JobStopped(BaseException):
    """Raised in a job that must end now. Not an Exception, so that no error handler keeps the job running."""


class Jobs:
    """Starts jobs on a clock, and lets time pass inside and outside of them.

    An in-process transport adapter that jobs call over must get `pass_time`, so that a slow reply delays only the job
    that waits for it. With the clock's own `advance` instead, time moves on inside the job: no other job begins
    meanwhile, and nothing overlaps.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[_VirtualJob] = []
        self.failures: deque[BaseException] = deque(maxlen=LAST_FAILURES)
        """The last exceptions that ended jobs in real time, which nobody else would see."""

    def start(self, action: Action) -> bool:
        """Start a job. Returns False if that is impossible now, within another job on a virtual clock.

        With a virtual clock the job has run up to its first wait or its end when this returns. What it raises is raised
        here or, if it has waited, by the clock's `advance`.
        """
        if not isinstance(self._clock, VirtualClock):
            _JobThread(_RealTimeJob(), lambda: self._run(action)).start()
            return True
        if _current() is not None:
            return False
        _VirtualJob(self._clock, action, self._waiting).resume()
        return True

    def pass_time(self, seconds: float) -> None:
        """Let seconds pass: for the job that calls this, or outside of jobs for everybody."""
        job = _current()
        if job is not None:
            job.wait(seconds)
        elif isinstance(self._clock, VirtualClock):
            self._clock.advance(seconds)
        else:
            threading.Event().wait(seconds)

    def sleep_in_job(self, seconds: float) -> None:
        """Let seconds pass within a job; does nothing outside of jobs."""
        job = _current()
        if job is not None:
            job.wait(seconds)

    def stop(self) -> None:
        """End all jobs that wait on a virtual clock. Jobs in real time end by themselves when their replies come."""
        for job in list(self._waiting):
            job.end()

    def _run(self, action: Action) -> None:
        try:
            action()
        except JobStopped:
            pass
        except BaseException as failure:
            self.failures.append(failure)


class _Job(Protocol):
    def wait(self, seconds: float) -> None: ...


class _JobThread(threading.Thread):
    """A thread that runs a job."""

    def __init__(self, job: _Job, target: Action) -> None:
        super().__init__(target=target, name="cht-job", daemon=True)
        self.job = job


def _current() -> _Job | None:
    thread = threading.current_thread()
    return thread.job if isinstance(thread, _JobThread) else None


class _RealTimeJob:
    """A job in real time."""

    def wait(self, seconds: float) -> None:
        threading.Event().wait(seconds)


class _VirtualJob:
    """One action in a thread that runs only while the thread that resumed it waits."""

    def __init__(self, clock: VirtualClock, action: Action, waiting: list[_VirtualJob]) -> None:
        self._clock = clock
        self._action = action
        self._waiting = waiting
        self._resumed = threading.Semaphore(0)
        self._suspended = threading.Semaphore(0)
        self._timer: Timer | None = None
        self._ending = False
        self._failure: BaseException | None = None
        self._thread = _JobThread(self, self._run)

    def resume(self) -> None:
        """Run the job until it waits or ends. Raises what the job raised."""
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._waiting.remove(self)
            self._resumed.release()
        self._suspended.acquire(timeout=SOCKET_SECONDS)
        if self._failure is not None:
            raise self._failure

    def wait(self, seconds: float) -> None:
        """Called in the job: suspend it until the clock has moved by that many seconds. Raises JobStopped."""
        if not self._ending:
            self._timer = self._clock.call_later(seconds, self.resume)
            self._waiting.append(self)
            self._suspended.release()
            self._resumed.acquire()
        if self._ending:
            raise JobStopped

    def end(self) -> None:
        """Called outside of the job: end it where it waits."""
        if self._timer is not None:
            self._timer.cancel()
        self._ending = True
        self.resume()

    def _run(self) -> None:
        try:
            self._action()
        except JobStopped:
            pass
        except BaseException as failure:
            self._failure = failure
        finally:
            self._suspended.release()
