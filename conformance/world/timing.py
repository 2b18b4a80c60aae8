"""How time passes in a world: virtual time driven from here, or real time at the subject's own pace."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from conformance.checks import judge
from conformance.history.model import History
from conformance.world.observations import Sight

MINUTE = 60.0
TAIL = 12 * MINUTE
"""Virtual seconds that must pass without anything wrong after everything has ended: a late second text is a text."""
CALM = 100 * MINUTE
"""Virtual seconds without any change after which nothing more is expected: longer than any back-off or quota hour."""
RARE = 8 * 3600.0
"""The same where only a state is not known yet: a relay may ask for the states of old texts a few times a day."""
LONGEST = 30 * 3600.0
STEP = 10 * MINUTE
PATIENCE = 20.0
"""Real seconds, besides ten polls, that a real subject is given for what it must do."""
RUNAWAY = 20
"""So many more messages with the same words than CHT wanted: no lost answers or crashes explain that."""


class Pace(Protocol):
    """Lets time pass for a world and its subject."""

    a_while: float
    """Seconds that stand for "a while" in scenarios: how long RapidPro throttles, how long an outage lasts."""

    def run(self, world: Sight, seconds: float) -> None:
        """Let `seconds` of the scenario's time pass."""
        ...

    def until(self, world: Sight, holds: Callable[[], bool], within: float) -> bool:
        """Let time pass until `holds`, at most `within` seconds of the scenario's time; whether it came to hold."""
        ...

    def settle(self, world: Sight) -> None:
        """Let time pass until the world is quiet."""
        ...

    def shown(self, seconds: float) -> str:
        """A span of the scenario's time, for people."""
        ...


class VirtualPace:
    """One process, one virtual clock: the world advances it and calls the subject when it wants to be called."""

    a_while = 1800.0

    def run(self, world: Sight, seconds: float) -> None:
        self._run_until_time(world, seconds)

    def _run_until_time(self, world: Sight, seconds: float) -> None:
        clock, subject = world.surroundings.virtual_clock(), world.subject
        end = clock.now() + timedelta(seconds=seconds)
        while True:
            due = [moment for moment in (subject.next_due(), clock.next_due()) if moment is not None]
            clock.advance_to(min([end, *due]))
            wanted = subject.next_due()
            if wanted is not None and wanted <= clock.now():
                subject.work()
            elif clock.now() >= end:
                return

    def until(self, world: Sight, holds: Callable[[], bool], within: float) -> bool:
        passed, step = 0.0, 15.0
        while not holds():
            if passed >= within:
                return False
            self._run_until_time(world, min(step, within - passed))
            passed += step
            step = min(step * 2, STEP)
        return True

    def settle(self, world: Sight) -> None:
        passed = calm = 0.0
        before: object = None
        while passed < LONGEST:
            history = world.history()
            if world.is_quiet(history):
                self._run_until_time(world, TAIL)
                return
            if runs_away(history):
                return
            seen = world.state_of(history)
            calm = calm + STEP if seen == before else 0.0
            before = seen
            if calm >= (RARE if only_a_state_is_missing(history) else CALM):
                return
            self._run_until_time(world, STEP)
            passed += STEP

    def shown(self, seconds: float) -> str:
        return f"{seconds / MINUTE:.0f} minutes" if seconds >= MINUTE else f"{seconds:.0f} seconds"


def only_a_state_is_missing(history: History) -> bool:
    """Whether all is well but that CHT does not know yet what RapidPro says of a text."""
    return {violation.check for violation in judge(history)} == {"state_wrong"}


def runs_away(history: History) -> bool:
    """Whether a phone got the same words from very many messages: whoever sends so never comes to an end."""
    messages = {(one.number, one.text, one.message) for one in history.arrivals}
    sent = Counter((number, text) for number, text, _ in messages)
    due = Counter((one.number, one.text) for one in history.due)
    return any(count > due[words] + RUNAWAY for words, count in sent.items())


class RealPace:
    """Sockets and real time: the subject runs by itself, the world looks until it sees what it waits for.

    Nothing sleeps to prove absence: that nothing more comes is taken from the subject having asked CHT again, twice,
    after all was done. `poll_seconds` is how often the subject asks CHT.
    """

    a_while = 2.0
    in_vain = False
    """Whether it has waited for something as long as it does, and it did not come."""

    def __init__(self, poll_seconds: float, patience: float = PATIENCE) -> None:
        self._poll_seconds = poll_seconds
        self._patience = patience + 10 * poll_seconds
        self._calm = 6.0 + 4 * poll_seconds

    def run(self, world: Sight, seconds: float) -> None:
        """Real time cannot be hurried: wait until the subject has asked CHT once more, at most `seconds`."""
        self._wait_for_polls(world, 1, min(seconds, self._patience))

    def until(self, world: Sight, holds: Callable[[], bool], within: float) -> bool:  # noqa: ARG002 - the scenario's time
        came = self._wait(world, holds, self._patience)
        self.in_vain = self.in_vain or not came
        return came

    def settle(self, world: Sight) -> None:
        watched = Calm(world.snapshot)
        self._wait(world, lambda: world.quiet() or watched.seconds() > self._calm, self._patience)
        if world.subject.next_due() is None:
            self._wait_for_polls(world, 2, 4 * self._poll_seconds + 1)

    def shown(self, seconds: float) -> str:  # noqa: ARG002
        return f"{self._patience:.0f} seconds"

    def _wait_for_polls(self, world: Sight, count: int, limit: float) -> None:
        start = world.control.last()
        self._wait(world, lambda: world.polls_since(start) >= count, limit)

    def _wait(self, world: Sight, holds: Callable[[], bool], limit: float) -> bool:
        end = time.monotonic() + limit
        while not holds():
            world.subject.check_alive()
            if time.monotonic() >= end:
                return False
            time.sleep(0.05)
        return True


class Calm:
    """For how many real seconds something has looked the same."""

    def __init__(self, look: Callable[[], object]) -> None:
        self._look = look
        self._seen = look()
        self._since = time.monotonic()

    def seconds(self) -> float:
        seen = self._look()
        if seen != self._seen:
            self._seen, self._since = seen, time.monotonic()
        return time.monotonic() - self._since
