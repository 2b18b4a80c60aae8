"""Real time: a world in which nothing has happened since all was quiet is not waited for again."""

from __future__ import annotations

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
