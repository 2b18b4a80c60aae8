"""The next thing that happens in virtual time: what is due next, and on until something is different by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from time import monotonic
from types import MappingProxyType
from typing import Any

from fakes.assembly import Fakes
from fakes.clock import VirtualClock, format_moment
from fakes.control.clock.driver import TimeDriver
from fakes.control.events.summaries import brings_nothing, summary

THINGS: Mapping[str, str] = MappingProxyType(
    {
        "phones": "a phone or a contact has changed",
        "messages": "a message of RapidPro has a new state",
        "sessions": "somebody goes on in a flow",
        "docs": "a document of CHT has changed",
    }
)
"""Parts of the state in which something happens by itself, and what happened if such a part has changed."""
PHASES = ((60.0, 0.0), (3600.0, 10.0), (86400.0, 120.0), (7 * 86400.0, 600.0))
"""Until so many virtual seconds have passed, and the least seconds between two calls of the worker meanwhile."""
MOST_TOLD = 3
"""The most things that are told if they happened at once."""
LONGEST = 10.0
"""Real seconds after which it is enough although nothing has happened."""
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


def go_to_next(fakes: Fakes, driver: TimeDriver, time: Callable[[], float] = monotonic) -> str | None:
    """Let time pass until something happens that a person can see: a text, a state, a document, a call that brings
    something or fails. At most a week, and at most LONGEST by `time`, which is real and in seconds.

    Returns what it was, in a sentence without secrets; None if nothing happened.
    """
    with driver.lock:
        begin, watch, end = driver.clock.now(), _Watch(fakes), time() + LONGEST
        for seconds, pause in PHASES:
            driver.advance_to(begin + timedelta(seconds=seconds), pause, lambda: watch.saw_something() or time() > end)
            if watch.seen or time() > end:
                break
    if not watch.seen:
        return None
    more = [f"{len(watch.seen) - MOST_TOLD} more"] if len(watch.seen) > MOST_TOLD else []
    return fakes.ledger.redaction().text("; ".join([*watch.seen[:MOST_TOLD], *more]))


class _Watch:
    """Sees what has happened since it was made."""

    def __init__(self, fakes: Fakes) -> None:
        self._fakes = fakes
        self._before = _state(fakes)
        self._last = fakes.ledger.last
        self.seen: list[str] = []
        """What was seen, in short sentences."""

    def saw_something(self) -> bool:
        new = self._fakes.ledger.after(self._last, skip_dropped=True)
        self._last = new[-1].seq if new else self._last
        self.seen += [summary(one) for one in new if not brings_nothing(one)]
        if not self.seen:
            now = _state(self._fakes)
            self.seen += [THINGS[name] for name, version in now.items() if version != self._before[name]]
        return bool(self.seen)


def _state(fakes: Fakes) -> dict[str, object]:
    found = [service.versions() for service in fakes.services.values()]
    return {name: versions[name] for versions in found for name in THINGS if name in versions}


def virtual_driver(fakes: Fakes) -> TimeDriver | None:
    """A driver of the fakes' clock; None if it is real time, which nobody moves."""
    return TimeDriver(fakes.clock) if isinstance(fakes.clock, VirtualClock) else None
