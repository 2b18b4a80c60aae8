"""How time passes in a world: virtual time driven from here, or real time in which the subject runs by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from conformance.checks import RESULTS, judge
from conformance.history.model import History
from conformance.history.runaway import runaway
from conformance.world.observations import Observations

MINUTE = 60.0
TAIL = 8 * MINUTE
"""Virtual seconds that pass after everything has ended: a duplicate that arrives late is a duplicate, too."""
UNCHANGED = 100 * MINUTE
"""Virtual seconds without any change after which nothing more is expected: longer than any back-off or quota hour."""
STATE_UNCHANGED = 8 * 3600.0
"""The same if only a state is missing: a relay may look up the states of old texts only a few times a day."""
LONGEST = 30 * 3600.0
STEP = 10 * MINUTE
PATIENCE = 20.0
"""Real seconds that a real subject has for what it must do, plus ten poll intervals."""
LOOK_AGAIN = (0.05, 0.25)
"""Real seconds between two looks while waiting: at first, and at most. Each look costs the subject's processor time."""


class Timing(Protocol):
    """Lets time pass for a world and its subject."""

    a_while: float
    """Seconds that "a while" means in scenarios: how long RapidPro throttles, how long an outage lasts."""

    def run(self, world: Observations, seconds: float) -> None:
        """Let `seconds` of scenario time pass."""
        ...

    def until(self, world: Observations, holds: Callable[[], bool], within: float) -> bool:
        """Let time pass until `holds`, at most `within` seconds of scenario time. Returns whether it held in time."""
        ...

    def settle(self, world: Observations) -> None:
        """Let time pass until the world is quiet."""
        ...

    def shown(self, seconds: float) -> str:
        """A duration of scenario time, for people."""
        ...


class VirtualTiming:
    """One process, one virtual clock: the world advances the clock and calls the subject whenever it is due."""

    a_while = 1800.0

    def run(self, world: Observations, seconds: float) -> None:
        self._run_until_time(world, seconds)

    def _run_until_time(self, world: Observations, seconds: float) -> None:
        clock, subject = world.services.virtual_clock(), world.subject
        end = clock.now() + timedelta(seconds=seconds)
        while True:
            due = [moment for moment in (subject.next_due(), clock.next_due()) if moment is not None]
            clock.advance_to(min([end, *due]))
            next_due = subject.next_due()
            if next_due is not None and next_due <= clock.now():
                subject.work()
            elif clock.now() >= end:
                return

    def until(self, world: Observations, holds: Callable[[], bool], within: float) -> bool:
        passed, step = 0.0, 15.0
        while not holds():
            if passed >= within:
                return False
            if passed >= STEP:  # most waits are over by then, and looking takes time
                world.expect_no_runaway()
            self._run_until_time(world, min(step, within - passed))
            passed += step
            step = min(step * 2, STEP)
        return True

    def settle(self, world: Observations) -> None:
        passed = unchanged = 0.0
        before: object = None
        while passed < LONGEST:
            history = world.history()
            if world.is_quiet(history):
                self._run_until_time(world, TAIL)
                return
            if runaway(history) is not None:
                return
            state = world.state_of(history)
            unchanged = unchanged + STEP if state == before else 0.0
            before = state
            if unchanged >= (STATE_UNCHANGED if only_a_state_is_missing(history) else UNCHANGED):
                return
            self._run_until_time(world, STEP)
            passed += STEP

    def shown(self, seconds: float) -> str:
        return f"{seconds / MINUTE:.0f} minutes" if seconds >= MINUTE else f"{seconds:.0f} seconds"


def only_a_state_is_missing(history: History) -> bool:
    """Whether the only thing wrong is that CHT does not have the state of a text yet."""
    return {violation.check for violation in judge(history, RESULTS)} == {"state_wrong"}


class RealTiming:
    """Sockets and real time: the subject runs by itself, and the world looks until it sees what it waits for.

    Nothing sleeps to prove absence: nothing more is expected once the subject has polled CHT twice after everything was
    done. `poll_seconds` is how often the subject polls CHT.
    """

    a_while = 2.0
    timed_out = False
    """Whether it has waited in vain for something."""
    _settled: object = None
    """The state in which all was quiet, and the subject had polled twice since."""

    def __init__(self, poll_seconds: float, patience: float = PATIENCE) -> None:
        self._poll_seconds = poll_seconds
        self._patience = patience + 10 * poll_seconds
        self._unchanged = min(6.0, 0.3 * patience) + 4 * poll_seconds

    def run(self, world: Observations, seconds: float) -> None:
        """Real time cannot be hurried: wait until the subject has polled CHT once more, at most `seconds`."""
        self._wait_for_polls(world, 1, min(seconds, self._patience))

    def until(self, world: Observations, holds: Callable[[], bool], within: float) -> bool:  # noqa: ARG002 - scenario time
        held = self._wait(world, holds, self._patience)
        self.timed_out = self.timed_out or not held
        return held

    def settle(self, world: Observations) -> None:
        if self._settled is not None and self._settled == quiet_state(world):
            return
        snapshot, end = Unchanged(world.snapshot), time.monotonic() + 2 * self._patience
        while True:
            self._wait(world, lambda: world.quiet() or snapshot.for_long(self._unchanged), end - time.monotonic())
            if world.subject.next_due() is None:
                self._wait_for_polls(world, 2, 4 * self._poll_seconds + 1)
            self._settled = quiet_state(world)
            if self._settled is not None or snapshot.for_long(self._unchanged) or time.monotonic() > end:
                return  # otherwise something has changed during the polls

    def shown(self, seconds: float) -> str:  # noqa: ARG002
        return f"{self._patience:.0f} seconds"

    def _wait_for_polls(self, world: Observations, count: int, limit: float) -> None:
        start = world.control.last()
        self._wait(world, lambda: world.polls_since(start) >= count, limit)

    def _wait(self, world: Observations, holds: Callable[[], bool], limit: float) -> bool:
        end = time.monotonic() + limit
        pause, longest = LOOK_AGAIN
        while not holds():
            world.subject.check_alive()
            if time.monotonic() >= end:
                return False
            time.sleep(pause)
            pause = min(1.2 * pause, longest)
        return True


def quiet_state(world: Observations) -> tuple[object, ...] | None:
    """The state of a world in which all is quiet, to be compared with a later one; None if something is going on."""
    history = world.history()
    return (*world.state_of(history), history.incoming_texts) if world.is_quiet(history) else None


class Unchanged:
    """Measures for how long, in real seconds, a value has been the same."""

    def __init__(self, read: Callable[[], object]) -> None:
        self._read = read
        self._value = read()
        self._began = self._since = time.monotonic()

    def for_long(self, seconds: float) -> bool:
        """Whether it has been the same for that long, and for half of the time since the measuring began.

        A relay looks at old texts less often: it may see a late report after half of a text's age again.
        """
        value = self._read()
        if value != self._value:
            self._value, self._since = value, time.monotonic()
        now = time.monotonic()
        return now - self._since > max(seconds, (now - self._began) / 2)
