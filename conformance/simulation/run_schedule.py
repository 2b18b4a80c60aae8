"""Runs one schedule: the same schedule gives the same history, exchange for exchange."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from conformance.checks import RESULTS, Violation, judge
from conformance.checks.conduct import secret_leaked
from conformance.history.runaway import runaway
from conformance.simulation.schedule import TEXTS, TROUBLES, Event, Schedule
from conformance.subjects.base import CrashPoint
from conformance.verdicts import Untestable
from conformance.world.evidence import summary
from conformance.world.world import World

JUDGED = (*RESULTS, secret_leaked)
"""Scenarios judge other conduct: retries change the order, and a clock that jumps cannot respect a throttle."""


MANY_EXCHANGES = 300
"""Far more than a run without surplus texts has (50 to 150)."""


class SimulatedSubject(Protocol):
    """What a run does to its subject, besides the faults of its neighbours. All built-in subjects support it."""

    def crash_at(self, point: CrashPoint, down: float | None = None) -> None: ...
    def cancel_crash(self) -> None: ...
    def running(self) -> bool: ...
    def freeze(self, seconds: float) -> None: ...
    def move_clock(self, seconds: float) -> None: ...
    def kill(self) -> None: ...
    def restart(self) -> None: ...


def same_defect(one: Violation, other: Violation) -> bool:
    """Whether the same check found the same kind of violation. Texts and numbers in the sentences may differ."""
    return (one.check, one.kind) == (other.check, other.kind)


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of one run."""

    violations: tuple[Violation, ...]
    texts: int
    faults: int
    virtual_seconds: float
    summary: str = field(compare=False)
    """For people. Not compared: ids in its requests are unique in a process, so they differ between equal runs."""

    def kinds(self) -> frozenset[str]:
        """The kinds of violations."""
        return frozenset(violation.kind for violation in self.violations)

    def shows(self, wanted: Violation) -> bool:
        """Whether a violation of the same check and the same kind is among them."""
        return any(same_defect(violation, wanted) for violation in self.violations)


def run_schedule(schedule: Schedule, open_world: Callable[[Schedule], World]) -> RunResult:
    """Run `schedule` in a new world, heal everything, continue until quiet, judge.

    A run ends early if the subject sends one text again and again: hours of that would take minutes.
    """
    world = open_world(schedule)
    try:
        start = world.now()
        runner = ScheduleRunner(world, start)
        for event in schedule.events:
            runner.advance_to(event.at)
            if runner.runs_away():
                break
            runner.do(event)
        else:
            runner.advance_to(schedule.hours * 3600)
        runner.heal()
        world.timing.settle(world)
        history = world.history()
        violations = tuple(judge(history, JUDGED, without=tuple(world.subject.skipped_checks)))
        return RunResult(
            violations,
            schedule.count(TEXTS),
            schedule.count(TROUBLES),
            (world.now() - start).total_seconds(),
            summary(world, history, violations) if violations else "",
        )
    finally:
        world.subject.stop()
        world.services.close()


class ScheduleRunner:
    """Makes the events of a schedule happen in a world."""

    def __init__(self, world: World, start: datetime) -> None:
        self._world = world
        self._start = start
        self._subject: SimulatedSubject = world.subject  # type: ignore[assignment]  # all built-in subjects are one
        self._clock = world.services.virtual_clock()
        self._first = world.control.last()
        self._many = MANY_EXCHANGES
        self._channel_before: Mapping[str, Any] = world.control.get("/rapidpro/channel")
        self._actions: dict[str, Callable[[Event], None]] = {
            "text_in": self._text_in,
            "text_out": self._text_out,
            "hand_over_again": self._redeliver,
            "fault": self._fault,
            "channel": self._channel,
            "crash": self._crash,
            "freeze": lambda event: self._subject.freeze(event.fields["seconds"]),
            "clock_jump": lambda event: self._subject.move_clock(event.fields["seconds"]),
        }

    def advance_to(self, seconds: float) -> None:
        """Let time pass until `seconds` after the start (a fault may have taken more time already)."""
        left = (self._start + timedelta(seconds=seconds) - self._clock.now()).total_seconds()
        if left > 0:
            self._world.pass_time(left)

    def runs_away(self) -> bool:
        """Whether the subject sends one text again and again. Looks only when it has called often, and rarely."""
        if self._world.control.last() - self._first < self._many:
            return False
        self._many *= 2
        return runaway(self._world.history()) is not None

    def do(self, event: Event) -> None:
        """Make one event happen."""
        self._actions[event.kind](event)

    def heal(self) -> None:
        """End all trouble for the subject."""
        self._world.control.delete("/faults")
        self._restore_channel()
        self._subject.cancel_crash()
        self._subject.freeze(0)
        if not self._subject.running():
            self._subject.restart()

    def _text_in(self, event: Event) -> None:
        self._world.person_texts(self._world.people[event.fields["person"]], event.fields["text"])

    def _text_out(self, event: Event) -> None:
        self._world.cht_sends([(self._world.people[event.fields["person"]], event.fields["text"])])

    def _redeliver(self, event: Event) -> None:
        person = self._world.people[event.fields["person"]]
        if any(text.number == person.number for text in self._world.incoming_texts):
            self._world.redeliver(person)

    def _fault(self, event: Event) -> None:
        with suppress(Untestable):  # a fault that cannot affect this subject does no harm
            self._world.fault(event.fields["fault"])

    def _channel(self, event: Event) -> None:
        self._world.channel(**event.fields["changes"])
        self._clock.call_later(event.fields["seconds"], self._restore_channel)

    def _restore_channel(self) -> None:
        self._world.control.put("/rapidpro/channel", dict(self._channel_before))

    def _crash(self, event: Event) -> None:
        point, down = event.fields["point"], event.fields["seconds"]
        if point is not None:
            self._subject.crash_at(CrashPoint[point], down)
        elif self._subject.running():
            self._subject.kill()
            self._clock.call_later(down, self._subject.restart)
