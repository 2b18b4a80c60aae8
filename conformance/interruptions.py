"""Being told to end (Ctrl-C, SIGTERM, SIGHUP): what was started is ended first, and nothing is broken off halfway.

Python raises from a signal between any two instructions: between the start of a process and the line that remembers it,
or while `subprocess` holds the lock that the next wait for this process needs. `deferred_signals` is for such places.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def unwind_on_signals() -> None:
    """From now on these signals unwind the main thread with KeyboardInterrupt, once."""
    for number in SIGNALS:
        signal.signal(number, _unwind)


def _unwind(*_: object) -> None:
    """A second signal must not break off what ends the processes that were started."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextmanager
def deferred_signals() -> Iterator[None]:
    """What is done inside is done whole: a signal that comes meanwhile takes effect afterwards.

    Does nothing in other threads than the main one, which no signal interrupts.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)

    # One that is ignored stays so, also for processes that are started inside.
    before = {number: handler for number in SIGNALS if callable(handler := signal.getsignal(number))}
    for number in before:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])
