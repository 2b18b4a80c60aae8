"""The built-in subjects by name: the reference relay, and CHT Core as its own relay in the ways it has known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conformance.services.in_process import InProcessFakes
from conformance.subjects.base import Means, Subject
from conformance.subjects.cht_in_process import IN_PROCESS, ChtItself
from conformance.subjects.cht_variants import WAYS, Way
from conformance.subjects.in_process import WEBHOOK, Build, InProcessRelay, reference

Make = Callable[[InProcessFakes, float], Subject]
"""Makes the subject between these fakes; a relay asks CHT for texts every so many seconds. It is not started."""
REFERENCE = "reference"
POLL_SECONDS = 120.0


class UnknownSubject(ValueError):
    """A name that no built-in subject has."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """One subject. `cht_release` is the release of CHT beside it, or which it is."""

    name: str
    about: str
    means: frozenset[Means]
    make: Make
    cht_release: str = "5.2"
    left_aside: frozenset[str] = frozenset()


def relay(build: Build, name: str, about: str = "") -> BuiltIn:
    """A relay of the make of the reference relay, made by `build`."""

    def make(fakes: InProcessFakes, poll_seconds: float) -> Subject:
        subject = InProcessRelay(fakes.clock, fakes.connect, build, name, poll_seconds, fakes.subject_folder)
        fakes.reach(WEBHOOK, subject)
        return subject

    return BuiltIn(name, about, InProcessRelay.means, make)


def cht(name: str, way: Way) -> BuiltIn:
    """CHT as its own relay."""
    return BuiltIn(
        name,
        way.about,
        way.means | IN_PROCESS,
        lambda fakes, _poll_seconds: ChtItself(fakes, way, name),
        way.release,
        way.left_aside,
    )


def built_in() -> Mapping[str, BuiltIn]:
    """All of them by name, the reference relay first."""
    reference_relay = relay(reference, REFERENCE, "the reference relay of this project")
    return {REFERENCE: reference_relay, **{name: cht(name, way) for name, way in WAYS.items()}}


def named(name: str) -> BuiltIn:
    """The subject of that name. UnknownSubject lists what there is."""
    known = built_in()
    if name not in known:
        raise UnknownSubject(f"no built-in subject is called {name!r}; there are: {', '.join(known)}")
    return known[name]
