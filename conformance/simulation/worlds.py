"""Which world a simulated subject lives in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from conformance.services.in_process import InProcessFakes
from conformance.simulation.schedule import Schedule
from conformance.subjects.built_in import BuiltIn, UnknownSubject, built_in, named, relay
from conformance.subjects.in_process import Build
from conformance.world.timing import VirtualPace
from conformance.world.world import World

Open = Callable[[Schedule], World]


def opener_of(one: BuiltIn, folder: Path | None = None) -> Open:
    """Worlds of this subject, one after the other: the fakes begin anew in each. Subjects keep files in `folder`."""
    made: dict[str, InProcessFakes] = {}

    def open_world(schedule: Schedule) -> World:
        if schedule.profile not in made:
            made[schedule.profile] = InProcessFakes(schedule.profile, schedule.seed, cht_release=one.cht_release)
        fakes = made[schedule.profile]
        fakes.begin_anew(schedule.seed)
        fakes.subject_folder = folder
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


def opener(name: str, folder: Path | None = None) -> Open:
    """How worlds of the subject `name` are opened. UnknownSubject lists what there is."""
    return opener_of(named(name), folder)


__all__ = ["Open", "UnknownSubject", "opener", "opener_of", "relay_world", "subjects"]
