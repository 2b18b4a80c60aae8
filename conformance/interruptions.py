"""Signals that end the harness (Ctrl-C, SIGTERM, SIGHUP): it first ends what it started, and stops nothing halfway.

A signal can raise between any two instructions: between the start of a process and the line that stores it, or while
`subprocess` holds the lock that the next wait for the process needs. `deferred_signals` protects such places.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """A signal. Python ends itself by SIGINT, whatever the exit status, if KeyboardInterrupt itself leaves an `exec`,
    as in the making of a dataclass, even if it is caught afterwards."""


def unwind_on_signals() -> None:
    """From now on, the first of these signals raises KeyboardInterrupt in the main thread; later ones are ignored."""
    for number in SIGNALS:
        signal.signal(number, _unwind)


def _unwind(*_: object) -> None:
    """Raise once: a second signal must not interrupt the clean-up."""
    for number in SIGNALS:
        signal.signal(number, _ignore)  # with SIG_IGN, Python complains about one that has arrived already
    raise Interrupted


def _ignore(*_: object) -> None:
    """The clean-up is under way."""


class TimeLimit:
    """Interrupts this process when its time is over, as a signal would. `seconds` None: never."""

    def __init__(self, seconds: float | None) -> None:
        self.over = False
        self._timer = None if seconds is None else threading.Timer(seconds, self._interrupt)

    def _interrupt(self) -> None:
        self.over = True
        os.kill(os.getpid(), signal.SIGTERM)

    def __enter__(self) -> TimeLimit:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()


@contextmanager
def deferred_signals() -> Iterator[None]:
    """The block is never interrupted: a signal that arrives meanwhile takes effect afterwards.

    Does nothing outside the main thread, since signals interrupt only that one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        received.append(number)

    # An ignored signal stays ignored, also for processes started inside.
    before = {number: handler for number in SIGNALS if callable(handler := signal.getsignal(number))}
    for number in before:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if received:
            signal.raise_signal(received[0])


@contextmanager
def block_sigint() -> Iterator[None]:
    """Processes started inside never get Ctrl-C, which a terminal sends to all: this process ends them in order."""
    resource_tracker.ensure_running()  # `multiprocessing` starts it with the first process, and unblocks SIGINT then
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
