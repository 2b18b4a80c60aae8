"""Which world a simulated subject lives in."""

from __future__ import annotations

from collections.abc import Callable

from conformance.pace import VirtualPace
from conformance.simulation.schedule import Schedule
from conformance.subjects.built_in import BuiltIn, UnknownSubject, built_in, named, relay
from conformance.subjects.in_process import Build
from conformance.surroundings import InProcessFakes
from conformance.world import World

Open = Callable[[Schedule], World]


def opener_of(one: BuiltIn) -> Open:
    """Worlds of this subject, each with fakes of its own."""

    def open_world(schedule: Schedule) -> World:
        fakes = InProcessFakes(schedule.profile, schedule.seed, cht_release=one.cht_release)
        subject = one.make(fakes, schedule.poll_seconds)
        subject.start(fakes.neighbours)
        return World(fakes, subject, VirtualPace())

    return open_world


def relay_world(build: Build, name: str) -> Open:
    """Worlds with a relay made by `build`."""
    return opener_of(relay(build, name))


def subjects() -> tuple[str, ...]:
    """The names of the built-in subjects."""
    return tuple(built_in())


def opener(name: str) -> Open:
    """How worlds of the subject `name` are opened. UnknownSubject lists what there is."""
    return opener_of(named(name))


__all__ = ["Open", "UnknownSubject", "opener", "opener_of", "relay_world", "subjects"]
