"""How the worlds of simulated subjects are opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from conformance.services.in_process import InProcessFakes
from conformance.simulation.schedule import Schedule
from conformance.subjects.built_in import BuiltIn, UnknownSubject, built_in, named, relay
from conformance.subjects.in_process import Build
from conformance.world.timing import VirtualTiming
from conformance.world.world import World

OpenWorld = Callable[[Schedule], World]


def world_opener_of(one: BuiltIn, folder: Path | None = None) -> OpenWorld:
    """Opens worlds of this subject, one after the other; the fakes are reset each time. `folder` holds its files."""
    made: dict[str, InProcessFakes] = {}

    def open_world(schedule: Schedule) -> World:
        if schedule.profile not in made:
            made[schedule.profile] = InProcessFakes(schedule.profile, schedule.seed, cht_release=one.cht_release)
        fakes = made[schedule.profile]
        fakes.reset(schedule.seed)
        fakes.subject_folder = folder
        subject = one.make(fakes, schedule.poll_seconds)
        subject.start(fakes.neighbours)
        return World(fakes, subject, VirtualTiming())

    return open_world


def relay_world_opener(build: Build, name: str) -> OpenWorld:
    """Opens worlds with a relay made by `build`."""
    return world_opener_of(relay(build, name))


def subjects() -> tuple[str, ...]:
    """The names of the built-in subjects."""
    return tuple(built_in())


def world_opener(name: str, folder: Path | None = None) -> OpenWorld:
    """Opens worlds of the subject `name`. UnknownSubject lists the known names."""
    return world_opener_of(named(name), folder)


__all__ = ["OpenWorld", "UnknownSubject", "relay_world_opener", "subjects", "world_opener", "world_opener_of"]
