"""After the last text: waiting until everything is where it belongs, and counting what is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from conformance.checks import RESULTS, judge
from conformance.history.model import History, Outcome
from conformance.subjects.base import Capability
from conformance.world.observations import FINAL, SETTLED
from conformance.world.timing import STEP, TAIL
from conformance.world.world import World
from loadtests.running.counts import Progress

LOOK_EVERY = 0.25
"""Real seconds between two looks at the counts."""
POLLS, TAIL_SECONDS = 2, 5.0
"""After all is done the relay polls CHT so often, or so many real seconds pass."""
COSTLY = 5
"""A look at everything comes only after so many times as long as the last one took."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait: at most `limit` seconds, and no longer than `unchanged` seconds without any change."""

    limit: float
    unchanged: float


REAL = Patience(limit=600.0, unchanged=45.0)
"""A relay rarely asks for old states: some only every half a minute."""
VIRTUAL = Patience(limit=14 * 86_400.0, unchanged=8 * 3600.0)
"""The same in virtual time: longer than any back-off, quota window or question about old states."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How it ended: all is done (`drained`), or `moving` at the time limit, or nothing changed any more."""

    history: History
    drained: bool
    moving: bool


class Passing(Protocol):
    """Lets a little time pass, real or virtual."""

    def now(self) -> float:
        """Seconds on any scale that only grows."""
        ...

    def wait(self) -> None:
        """Let time pass until the next look."""
        ...

    def tail(self) -> None:
        """Let time pass after everything is done: a second copy that comes late is one too many as well."""
        ...


def settle(
    world: World, progress: Progress, texts_in: int, texts_out: int, passing: Passing, patience: Patience
) -> Settled:
    """Wait until all texts and states are where they belong, or nothing more is to be expected.

    `texts_in` is how many texts of people were accepted, `texts_out` how many CHT has due.
    """
    states = progress.states and Capability.STATES in world.subject.capabilities
    began = since = passing.now()
    before: object = None
    next_look = began
    while True:
        counts, now = progress.look(), passing.now()
        if counts != before:
            before, since = counts, now
        out = progress.final if states else progress.on_phones  # a text that has failed is final, and on no phone
        seems_done = out >= texts_out and progress.reports >= texts_in
        still, late = now - since > patience.unchanged, now - began > patience.limit
        if still or late or (seems_done and now >= next_look):
            history = world.history()
            if is_done(world, history):
                passing.tail()
                return Settled(world.history(), drained=True, moving=False)
            if still or late:
                return Settled(history, drained=False, moving=not still)
            next_look = passing.now() + COSTLY * max(LOOK_EVERY, passing.now() - now)
        world.subject.check_alive()
        passing.wait()


def is_done(world: World, history: History) -> bool:
    """Whether everything has ended: all messages and, where the subject reports them, all states are final."""
    if Capability.STATES in world.subject.capabilities:
        return world.is_quiet(history)
    return all(one.status in SETTLED for one in history.messages) and not judge(history, RESULTS)


class RealPassing:
    """Real time, by a clock and a sleep that are passed in."""

    def __init__(self, world: World, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._world, self._clock, self._sleep = world, clock, sleep

    def now(self) -> float:
        return self._clock()

    def wait(self) -> None:
        self._sleep(LOOK_EVERY)

    def tail(self) -> None:
        """Until the relay has polled CHT twice; a subject that does not poll gets TAIL_SECONDS."""
        start, end = self._world.control.last(), self._clock() + TAIL_SECONDS
        while self._world.polls_since(start) < POLLS and self._clock() < end:
            self._sleep(LOOK_EVERY)


class VirtualPassing:
    """Virtual time: the world lets it pass."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> float:
        return self._world.now().timestamp()

    def wait(self) -> None:
        self._world.pass_time(STEP)

    def tail(self) -> None:
        self._world.pass_time(TAIL)


def left(history: History, *, states: bool) -> Mapping[str, int]:
    """What is not where it belongs, by side and state: texts on their way; `states` only if they are reported."""
    status = {(one.number, one.text): one.status for one in history.messages}
    arrived = {(one.number, one.text) for one in history.arrivals}
    stored = Counter((one.number, one.text) for one in history.reports)
    found: Counter[str] = Counter()
    for text in history.outgoing_texts:
        key = (text.number, text.text)
        if text.state == "failed":
            continue
        if key not in arrived:
            place = f"in RapidPro ({status[key]})" if key in status else f"in CHT ({text.state})"
            found[f"texts from CHT still {place}"] += 1
        elif states and text.state not in FINAL:
            found[f"texts on their phones, but {text.state} in CHT"] += 1
    for one in history.incoming_texts:
        if one.outcome is Outcome.OK and not stored[one.number, one.text]:
            found["texts that the relay accepted, but CHT does not have"] += 1
    return dict(sorted(found.items()))
