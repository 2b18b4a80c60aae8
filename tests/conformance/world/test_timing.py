"""Real time: a world in which nothing has happened since all was quiet is not waited for again."""

from __future__ import annotations

import time
from typing import Any

from conformance.world.timing import RealTiming


class Subject:
    """Alive, and works by itself."""

    def check_alive(self) -> None:
        """It is."""

    def next_due(self) -> None:
        """Nobody knows."""


class Control:
    """A ledger that gets a poll with each look."""

    def __init__(self) -> None:
        self.looks = 0

    def last(self) -> int:
        return self.looks


class Quiet:
    """A world with these texts, all of which have arrived."""

    def __init__(self) -> None:
        self.subject, self.control = Subject(), Control()
        self.incoming_texts: tuple[str, ...] = ()
        self.arrived: tuple[str, ...] = ()
        self.all_done = True

    def history(self) -> Quiet:
        return self

    def quiet(self) -> bool:
        return self.all_done

    def is_quiet(self, _history: object) -> bool:
        return self.all_done

    def snapshot(self) -> tuple[object, ...]:
        return self.state_of(self)

    def state_of(self, _history: object) -> tuple[object, ...]:
        return (self.arrived,)

    def polls_since(self, mark: int) -> int:
        self.control.looks += 1
        return self.control.looks - mark


def polls(timing: RealTiming, world: Any) -> int:
    """How often the subject polled while the world settled."""
    before: int = world.control.looks
    timing.settle(world)
    return int(world.control.looks) - before


def test_two_polls_are_awaited_once_all_is_quiet_and_not_again() -> None:
    timing, world = RealTiming(0.01, patience=0.2), Quiet()
    assert polls(timing, world) == 2
    assert polls(timing, world) == 0


def test_whatever_has_happened_since_is_waited_for() -> None:
    timing, world = RealTiming(0.01, patience=0.2), Quiet()
    timing.settle(world)  # type: ignore[arg-type] # as much of a world as is used
    world.arrived = ("a text",)
    assert polls(timing, world) == 2
    world.incoming_texts = ("another",)
    assert polls(timing, world) == 2
    assert polls(timing, world) == 0


def test_a_world_that_never_became_quiet_is_waited_for_each_time() -> None:
    timing, world = RealTiming(0.01, patience=0.1), Quiet()
    world.all_done = False
    assert polls(timing, world) == 2
    assert polls(timing, world) == 2


class Late(Quiet):
    """RapidPro's state changes each `step` seconds until `change`, CHT's when the relay `follows`: then all ends."""

    def __init__(self, change: float, follows: float, step: float = float("inf")) -> None:
        super().__init__()
        self.began, self.change, self.follows, self.step = time.monotonic(), change, follows, step

    @property
    def passed(self) -> float:
        return time.monotonic() - self.began

    def quiet(self) -> bool:
        return self.passed > self.follows

    def is_quiet(self, _history: object) -> bool:
        return self.quiet()

    def state_of(self, _history: object) -> tuple[object, ...]:
        return (int(min(self.passed, self.change) / self.step), self.passed > self.change, self.passed > self.follows)


def test_a_relay_has_half_of_the_age_of_a_text_again_to_see_a_late_change() -> None:
    timing, world = RealTiming(0.0, patience=1.0), Late(1.0, 1.8, step=0.1)  # unchanged for long: 0.3 seconds
    timing.settle(world)  # type: ignore[arg-type] # as much of a world as is used
    assert world.passed > 1.8


def test_a_change_while_the_last_polls_are_awaited_is_waited_for() -> None:
    timing, world = RealTiming(0.1, patience=1.0), Late(change=10.0, follows=20.0)  # unchanged for long: 0.7 seconds
    looked = world.polls_since

    def change_with_the_poll(mark: int) -> int:
        world.change = min(world.change, world.passed)
        world.follows = min(world.follows, world.change + 0.3)
        return looked(mark)

    world.polls_since = change_with_the_poll  # type: ignore[method-assign]
    timing.settle(world)  # type: ignore[arg-type]
    assert world.quiet()


def test_a_world_that_changes_for_ever_is_judged_after_twice_the_patience() -> None:
    timing, world = RealTiming(0.0, patience=0.3), Quiet()
    world.all_done = False
    world.state_of = lambda _history: (time.monotonic(),)  # type: ignore[method-assign]
    began = time.monotonic()
    timing.settle(world)  # type: ignore[arg-type]
    assert time.monotonic() - began >= 0.6
