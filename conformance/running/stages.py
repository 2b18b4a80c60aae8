"""Stages: where worlds come from. One for virtual time in this process, one for real processes over sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from conformance.services.in_process import InProcessFakes
from conformance.services.processes import Processes
from conformance.services.services import Surroundings
from conformance.subjects.base import Means, Subject
from conformance.subjects.built_in import POLL_SECONDS, REFERENCE, BuiltIn, relay
from conformance.subjects.external import ExternalRelay
from conformance.subjects.in_process import Build, reference
from conformance.verdicts import HarnessBroken, SubjectFailed, Verdict
from conformance.world.people import fresh_numbers
from conformance.world.timing import PATIENCE, Pace, RealPace, VirtualPace
from conformance.world.world import World

SILENT_PATIENCE = 3.0
"""Real seconds, besides ten polls, for a subject that never made a call before."""


class Stage(Protocol):
    """Gives each scenario its world, and clears up after it."""

    profile: str

    def describe(self) -> dict[str, Any]:
        """What report.json says of the subject."""
        ...

    def means(self) -> frozenset[Means]:
        """What the subject can be put through."""
        ...

    def begin(self) -> None:
        """The run begins. HarnessBroken if its subject cannot be judged at all."""
        ...

    def open(self) -> World:
        """A world for one scenario."""
        ...

    def close(self, world: World, verdict: Verdict) -> None:
        """The scenario has ended with this verdict."""
        ...

    def end(self) -> None:
        """The run has ended."""
        ...


class BuiltInStage:
    """A world for each scenario: a new subject between two fakes that begin anew, on one virtual clock."""

    def __init__(self, profile: str, seed: int, built_in: BuiltIn) -> None:
        self.profile = profile
        self._seed = seed
        self._built_in = built_in
        self._numbers = fresh_numbers()
        self._fakes: InProcessFakes | None = None

    def describe(self) -> dict[str, Any]:
        one = self._built_in
        aside = {"left_aside": sorted(one.left_aside)} if one.left_aside else {}
        about = {"about": one.about} if one.about else {}
        return {"name": one.name, "kind": "in process", "time": "virtual", "seed": self._seed, **about, **aside}

    def means(self) -> frozenset[Means]:
        return self._built_in.means

    def begin(self) -> None:
        """Everything is made when it is needed."""

    def open(self) -> World:
        if self._fakes is None:
            self._fakes = InProcessFakes(self.profile, self._seed, cht_release=self._built_in.cht_release)
        fakes = self._fakes
        fakes.begin_anew()
        subject = self._built_in.make(fakes, POLL_SECONDS)
        subject.start(fakes.neighbours)
        return World(fakes, subject, VirtualPace(), self._numbers)

    def close(self, world: World, verdict: Verdict) -> None:  # noqa: ARG002 - nothing is kept, whatever the verdict
        world.subject.stop()

    def end(self) -> None:
        if self._fakes is not None:
            self._fakes.close()
            self._fakes = None


class InProcessStage(BuiltInStage):
    """The same for a relay of the make of the reference relay."""

    def __init__(self, profile: str, seed: int, build: Build = reference, name: str = REFERENCE) -> None:
        super().__init__(profile, seed, relay(build, name))


class HttpStage:
    """The fakes as processes, one subject for all scenarios; after a failed one both begin anew.

    A subject that was waited for in vain without a single call of its own is waited for less in the next scenario:
    otherwise a relay that never asks CHT would be judged for an hour.
    """

    def __init__(self, profile: str, seed: int, make_subject: Callable[[], ExternalRelay]) -> None:
        self.profile = profile
        self._seed = seed
        self._make_subject = make_subject
        self._subject: ExternalRelay | None = None
        self._surroundings: Surroundings | None = None
        self._numbers: Iterator[str] = fresh_numbers()
        self._described = make_subject()
        self._absent: str | None = None
        self._silent = False

    def describe(self) -> dict[str, Any]:
        return self._described.describe()

    def means(self) -> frozenset[Means]:
        return self._described.means

    def begin(self) -> None:
        self._running()

    def open(self) -> World:
        surroundings, subject = self._running()
        try:
            subject.check_alive()
        except SubjectFailed:
            self._stop_subject()  # so that the next scenario has one that runs
            raise
        pace: Pace = RealPace(subject.poll_seconds, patience=SILENT_PATIENCE if self._silent else PATIENCE)
        surroundings.calm()
        return World(surroundings, subject, pace, self._numbers)

    def _running(self) -> tuple[Surroundings, ExternalRelay]:
        if self._absent is not None:
            raise HarnessBroken(self._absent)
        if self._surroundings is None:
            self._surroundings = Processes(self.profile, self._seed)
        if self._subject is None:
            self._subject = self._started(self._surroundings)
        return self._surroundings, self._subject

    def _started(self, surroundings: Surroundings) -> ExternalRelay:
        """A subject that runs. One that could not be reached once is not waited for again in every scenario."""
        subject = self._make_subject()
        try:
            subject.start(surroundings.neighbours)
        except BaseException as failure:
            subject.stop()  # it may run without listening
            if isinstance(failure, HarnessBroken):
                self._absent = str(failure)
            raise
        return subject

    def close(self, world: World, verdict: Verdict) -> None:
        world.control.delete("/faults")
        if isinstance(world.pace, RealPace) and world.pace.in_vain:
            self._silent = not any(call.of_relay for call in world.history().calls)
        elif verdict is Verdict.PASSED:
            self._silent = False
        if verdict is not Verdict.PASSED and Means.RESTART in self.means():
            self._stop_subject()
            world.control.post("/reset")

    def end(self) -> None:
        self._stop_subject()
        if self._surroundings is not None:
            self._surroundings.close()
            self._surroundings = None

    def _stop_subject(self) -> None:
        subject: Subject | None = self._subject
        if subject is not None:
            subject.stop()
        self._subject = None
