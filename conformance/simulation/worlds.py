"""Which world a simulated subject lives in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conformance.pace import VirtualPace
from conformance.simulation.schedule import Schedule
from conformance.subjects.in_process import WEBHOOK, Build, InProcessRelay, reference
from conformance.surroundings import InProcessFakes
from conformance.world import World

Open = Callable[[Schedule], World]


class UnknownSubject(ValueError):
    """A name that no built-in subject has."""


def relay_world(build: Build, name: str) -> Open:
    """Worlds with a relay made by `build`."""

    def open_world(schedule: Schedule) -> World:
        fakes = InProcessFakes(schedule.profile, schedule.seed)
        subject = InProcessRelay(fakes.clock, fakes.connect, build, name, schedule.poll_seconds)
        fakes.reach(WEBHOOK, subject)
        subject.start(fakes.neighbours)
        return World(fakes, subject, VirtualPace())

    return open_world


def subjects() -> Mapping[str, Open]:
    """The built-in subjects by name."""
    return {"reference": relay_world(reference, "reference")}


def opener(name: str) -> Open:
    """How worlds of the subject `name` are opened. UnknownSubject lists what there is."""
    known = subjects()
    if name not in known:
        raise UnknownSubject(f"no built-in subject is called {name!r}; there are: {', '.join(known)}")
    return known[name]
