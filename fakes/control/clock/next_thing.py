"""The next thing that happens in virtual time: what is due next, and on until something is different by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fakes.assembly import Fakes
from fakes.clock import VirtualClock, format_moment
from fakes.control.clock.driver import TimeDriver

THINGS = ("phones", "messages", "sessions", "docs")
"""Parts of the state in which something happens by itself."""
PHASES = ((60.0, 0.0), (3600.0, 10.0), (86400.0, 120.0))
"""Until so many virtual seconds have passed, and the least seconds between two calls of the worker meanwhile."""
BY_PACKAGE = (
    ("fakes.rapidpro.", "RapidPro goes on with a message, a flow or a job"),
    ("fakes.cht.", "CHT does its background work"),
)
OF_WORKER = "the relay works: it polls, or repeats a call"
OF_OTHERS = "a timer of the fakes"


def due_next(driver: TimeDriver) -> dict[str, Any]:
    """When something is due next, and what, in a sentence; both None if nothing is."""
    with driver.lock:
        at, timer = driver.next_due(), driver.clock.next_timer()
        if at is None:
            return {"at": None, "what": None}
        of_fakes = timer is not None and max(timer.when, driver.clock.now()) <= at
        module = getattr(timer.action, "__module__", "") if timer is not None else ""
    sentence = next((words for package, words in BY_PACKAGE if module.startswith(package)), OF_OTHERS)
    return {"at": format_moment(at), "what": sentence if of_fakes else OF_WORKER}


def go_to_next(fakes: Fakes, driver: TimeDriver) -> bool:
    """Let time pass until something happens: a text, a state, a document, a call that fails. At most a day.

    Polls and passes in which nothing is new are no such thing. Returns whether anything happened.
    """
    with driver.lock:
        begin, watch = driver.clock.now(), _Watch(fakes)
        for seconds, pause in PHASES:
            driver.advance_to(begin + timedelta(seconds=seconds), pause, watch.saw_something)
            if watch.saw_something():
                return True
    return False


class _Watch:
    """Sees whether anything has happened since it was made."""

    def __init__(self, fakes: Fakes) -> None:
        self._fakes = fakes
        self._before = _state(fakes)
        self._last = fakes.ledger.last
        self._seen = False

    def saw_something(self) -> bool:
        new = self._fakes.ledger.after(self._last, skip_dropped=True)
        self._last = new[-1].seq if new else self._last
        failed = any(one.reply is None or one.reply.status >= 400 or one.fault is not None for one in new)
        self._seen = self._seen or failed or _state(self._fakes) != self._before
        return self._seen


def _state(fakes: Fakes) -> list[object]:
    found = [service.versions() for service in fakes.services.values()]
    return [versions[name] for versions in found for name in THINGS if name in versions]


def virtual_driver(fakes: Fakes) -> TimeDriver | None:
    """A driver of the fakes' clock; None if it is real time, which nobody moves."""
    return TimeDriver(fakes.clock) if isinstance(fakes.clock, VirtualClock) else None
