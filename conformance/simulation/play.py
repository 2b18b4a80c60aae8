"""Plays one schedule: the same schedule gives the same history, exchange for exchange."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from conformance.checks import Violation, judge
from conformance.simulation.schedule import TEXTS, TROUBLES, Event, Schedule
from conformance.subjects.base import CrashPoint
from conformance.verdicts import Untestable
from conformance.world.world import World

NOT_JUDGED = ("reordered", "unexpected_call", "called_while_throttled")
"""Retries change the order; a subject whose clock was moved cannot keep to a throttle. Scenarios judge those."""


class Shaken(Protocol):
    """What a simulated subject can be put through besides faults of its neighbours. All relays in process can."""

    def crash_at(self, point: CrashPoint, down: float | None = None) -> None: ...
    def cancel_crash(self) -> None: ...
    def running(self) -> bool: ...
    def freeze(self, seconds: float) -> None: ...
    def move_clock(self, seconds: float) -> None: ...
    def kill(self) -> None: ...
    def restart(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a run."""

    violations: tuple[Violation, ...]
    texts: int
    faults: int
    virtual_seconds: float
    picture: str = field(compare=False)
    """For people. Ids in its requests are never given twice in a process, so two pictures of the same are not equal."""

    def kinds(self) -> frozenset[str]:
        """Which kinds of things went wrong."""
        return frozenset(violation.kind for violation in self.violations)


def play(schedule: Schedule, open_world: Callable[[Schedule], World]) -> Played:
    """Play `schedule` in a new world, heal everything, run until quiet, judge."""
    world = open_world(schedule)
    try:
        begun = world.now()
        player = Player(world, begun)
        for event in schedule.events:
            player.reach(event.at)
            player.do(event)
        player.reach(schedule.hours * 3600)
        player.heal()
        world.pace.settle(world)
        history = world.history()
        violations = tuple(judge(history, without=(*NOT_JUDGED, *world.subject.left_aside)))
        return Played(
            violations,
            schedule.count(TEXTS),
            schedule.count(TROUBLES),
            (world.now() - begun).total_seconds(),
            world.picture() if violations else "",
        )
    finally:
        world.subject.stop()
        world.surroundings.close()


class Player:
    """Makes the events of a schedule happen in a world."""

    def __init__(self, world: World, begun: datetime) -> None:
        self._world = world
        self._begun = begun
        self._shaken: Shaken = world.subject  # type: ignore[assignment]  # relays in process are Shaken
        self._clock = world.surroundings.virtual_clock()
        self._calm: Mapping[str, Any] = world.control.get("/rapidpro/channel")
        self._actions: dict[str, Callable[[Event], None]] = {
            "text_in": self._text_in,
            "text_out": self._text_out,
            "hand_over_again": self._hand_over_again,
            "fault": self._fault,
            "channel": self._channel,
            "crash": self._crash,
            "freeze": lambda event: self._shaken.freeze(event.what["seconds"]),
            "clock_jump": lambda event: self._shaken.move_clock(event.what["seconds"]),
        }

    def reach(self, seconds: float) -> None:
        """Let time pass until so many seconds after the beginning (a fault may have taken it further already)."""
        left = (self._begun + timedelta(seconds=seconds) - self._clock.now()).total_seconds()
        if left > 0:
            self._world.pass_time(left)

    def do(self, event: Event) -> None:
        """Make one event happen."""
        self._actions[event.kind](event)

    def heal(self) -> None:
        """Stop all that troubles the subject."""
        self._world.control.delete("/faults")
        self._restore()
        self._shaken.cancel_crash()
        self._shaken.freeze(0)
        if not self._shaken.running():
            self._shaken.restart()

    def _text_in(self, event: Event) -> None:
        self._world.text_in(self._world.people[event.what["person"]], event.what["text"])

    def _text_out(self, event: Event) -> None:
        self._world.due([(self._world.people[event.what["person"]], event.what["text"])])

    def _hand_over_again(self, event: Event) -> None:
        person = self._world.people[event.what["person"]]
        if any(text.number == person.number for text in self._world.texts_in):
            self._world.hand_over_again(person)

    def _fault(self, event: Event) -> None:
        with suppress(Untestable):  # a fault that cannot meet this subject troubles it as little as none
            self._world.fault(event.what["fault"])

    def _channel(self, event: Event) -> None:
        self._world.channel(**event.what["changes"])
        self._clock.call_later(event.what["seconds"], self._restore)

    def _restore(self) -> None:
        self._world.control.put("/rapidpro/channel", dict(self._calm))

    def _crash(self, event: Event) -> None:
        point, down = event.what["point"], event.what["seconds"]
        if point is not None:
            self._shaken.crash_at(CrashPoint[point], down)
        elif self._shaken.running():
            self._shaken.kill()
            self._clock.call_later(down, self._shaken.restart)


def same_kind(expected: Played, found: Played) -> bool:
    """Whether a smaller schedule fails in a way in which the larger one failed."""
    return bool(expected.kinds() & found.kinds())
