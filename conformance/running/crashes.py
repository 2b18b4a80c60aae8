"""Kills a relay repeatedly at random moments under traffic, over real sockets; then judges by the ledger."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from conformance.checks import RESULTS, Violation, judge
from conformance.checks.conduct import secret_leaked
from conformance.services.processes import FakeProcesses
from conformance.subjects.external import ExternalRelay
from conformance.verdicts import HarnessBroken
from conformance.world.people import Person
from conformance.world.timing import RealTiming
from conformance.world.world import World

LONGEST_LIFE = 0.6
"""Maximum of real seconds between the start of the relay and its kill."""
PAUSE = 0.15
"""Maximum of real seconds between two incoming texts."""


@dataclass(frozen=True, slots=True)
class CrashRunResult:
    """The result of a crash run."""

    kills: int
    texts_in: int
    texts_out: int
    violations: tuple[Violation, ...]
    seconds: float

    def count(self, kind: str) -> int:
        """The number of violations of a kind."""
        return sum(violation.kind == kind for violation in self.violations)


def kill_repeatedly(
    subject: ExternalRelay,
    kills: int,
    seed: int,
    *,
    profile: str = "26",
    ahead: int = 0,
    on_kill: Callable[[int], None] = lambda _count: None,
) -> CrashRunResult:
    """Kill `subject` `kills` times under traffic; `ahead` texts in each direction are on their way from the beginning.

    HarnessBroken if it does not restart, or if the traffic fails.
    """
    rng = random.Random(seed)
    began = time.monotonic()
    services = FakeProcesses(profile, seed)
    try:
        services.restore_defaults()
        services.control.put("/rapidpro/rates", {"v2": "1000000/hour", "v2.messages": "1000000/hour"})
        subject.start(services.neighbours)
        world = World(services, subject, RealTiming(subject.poll_seconds, patience=60))
        with Traffic(world, random.Random(rng.random()), ahead):
            for count in range(kills):
                time.sleep(rng.uniform(0.05, LONGEST_LIFE))
                subject.kill()
                subject.restart()
                on_kill(count + 1)
        world.timing.settle(world)
        history = world.history()
        found = tuple(judge(history, (*RESULTS, secret_leaked)))
        return CrashRunResult(
            kills, len(history.incoming_texts), len(history.outgoing_texts), found, time.monotonic() - began
        )
    finally:
        subject.stop()
        services.close()


class Traffic:
    """Texts in both directions, from a separate thread, so that a kill can come at any moment of any exchange."""

    def __init__(self, world: World, rng: random.Random, ahead: int) -> None:
        self._world, self._rng, self._ahead = world, rng, ahead
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="traffic", daemon=True)

    def __enter__(self) -> Traffic:
        self._world.cht_sends_each([(self._person(), f"Waiting {n}") for n in range(self._ahead)])
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._failure is not None:
            raise HarnessBroken(f"the traffic failed: {self._failure}")

    def _run(self) -> None:
        try:
            for n in range(self._ahead):
                self._world.person_texts(self._person(), f"Ahead {n}")
            count = 0
            while not self._stop.wait(self._rng.uniform(0, PAUSE)):
                self._world.person_texts(self._person(), f"Report {count}")
                self._world.cht_sends_each([(self._person(), f"Reminder {count}.{n}") for n in range(2)])
                count += 1
        except Exception as failure:  # raised when the traffic ends
            self._failure = failure

    def _person(self) -> Person:
        return self._world.people[f"P{self._rng.randint(1, 20)}"]
