"""Kills a relay again and again at random moments under traffic, over real sockets; then judges by the ledger."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from conformance.checks import Violation, judge
from conformance.pace import RealPace
from conformance.subjects.external import ExternalRelay
from conformance.surroundings import Processes
from conformance.world import World

LONGEST_LIFE = 0.6
"""Real seconds that the relay lives at most before it is killed."""
IN_A_LIFE, OUT_A_LIFE = 2, 3


@dataclass(frozen=True, slots=True)
class Survived:
    """What came of it."""

    kills: int
    texts_in: int
    texts_out: int
    violations: tuple[Violation, ...]
    seconds: float

    def count(self, kind: str) -> int:
        """How many violations are of a kind."""
        return sum(violation.kind == kind for violation in self.violations)


def kill_often(
    subject: ExternalRelay,
    kills: int,
    seed: int,
    *,
    profile: str = "26",
    on_kill: Callable[[int], None] = lambda _count: None,
) -> Survived:
    """Kill `subject` so many times under traffic. HarnessBroken if it does not start again."""
    rng = random.Random(seed)
    began = time.monotonic()
    services = Processes(profile, seed)
    try:
        services.calm_channel()
        services.control.put("/rapidpro/rates", {"v2": "1000000/hour", "v2.messages": "1000000/hour"})
        subject.start(services.neighbours)
        world = World(services, subject, RealPace(subject.poll_seconds, patience=60))
        for count in range(kills):
            traffic(world, rng, count)
            time.sleep(rng.uniform(0, LONGEST_LIFE))
            subject.kill()
            subject.restart()
            on_kill(count + 1)
        world.pace.settle(world)
        history = world.history()
        found = tuple(judge(history, without=("reordered", "called_while_throttled")))
        return Survived(kills, len(history.texts_in), len(history.due), found, time.monotonic() - began)
    finally:
        subject.stop()
        services.close()


def traffic(world: World, rng: random.Random, count: int) -> None:
    """Some texts each way."""
    people = [world.people[f"P{rng.randint(1, 20)}"] for _ in range(IN_A_LIFE + OUT_A_LIFE)]
    world.due_each([(person, f"Reminder {count}.{n}") for n, person in enumerate(people[:OUT_A_LIFE])])
    for n, person in enumerate(people[OUT_A_LIFE:]):
        world.text_in(person, f"Report {count}.{n}")
