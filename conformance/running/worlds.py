"""Where worlds come from: one kind for virtual time in this process, one for real processes over sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from conformance.services.base import Services
from conformance.services.in_process import InProcessFakes
from conformance.services.processes import FakeProcesses
from conformance.subjects.base import Capability, Subject
from conformance.subjects.built_in import POLL_SECONDS, REFERENCE, BuiltIn, relay
from conformance.subjects.external import ExternalRelay
from conformance.subjects.in_process import Build, quick_folder, reference
from conformance.verdicts import HarnessBroken, SubjectFailed, Verdict
from conformance.world.people import fresh_numbers
from conformance.world.timing import PATIENCE, RealTiming, Timing, VirtualTiming
from conformance.world.world import World

SILENT_PATIENCE = 3.0
"""Real seconds for a subject that has never made a call, plus ten poll intervals."""


class Worlds(Protocol):
    """Gives each scenario its world, and cleans up after it."""

    profile: str

    def describe(self) -> dict[str, Any]:
        """What report.json says about the subject."""
        ...

    def capabilities(self) -> frozenset[Capability]:
        """What the subject can be put through."""
        ...

    def begin(self) -> None:
        """Prepare a run. HarnessBroken if its subject cannot be judged at all."""
        ...

    def open(self) -> World:
        """A world for one scenario."""
        ...

    def close(self, world: World, verdict: Verdict) -> None:
        """Clean up after a scenario that ended with this verdict."""
        ...

    def end(self) -> None:
        """End the run."""
        ...


class BuiltInWorlds:
    """A world for each scenario: a new subject between two fakes that are reset, on one virtual clock."""

    def __init__(self, profile: str, seed: int, built_in: BuiltIn) -> None:
        self.profile = profile
        self._seed = seed
        self._built_in = built_in
        self._numbers = fresh_numbers()
        self._fakes: InProcessFakes | None = None

    def describe(self) -> dict[str, Any]:
        one = self._built_in
        aside = {"left_aside": sorted(one.skipped_checks)} if one.skipped_checks else {}
        about = {"about": one.about} if one.about else {}
        return {"name": one.name, "kind": "in process", "time": "virtual", "seed": self._seed, **about, **aside}

    def capabilities(self) -> frozenset[Capability]:
        return self._built_in.capabilities

    def begin(self) -> None:
        """Nothing to prepare: everything is made when it is needed."""

    def open(self) -> World:
        if self._fakes is None:
            self._fakes = InProcessFakes(self.profile, self._seed, cht_release=self._built_in.cht_release)
            self._fakes.subject_folder = quick_folder()
        fakes = self._fakes
        fakes.reset()
        subject = self._built_in.make(fakes, POLL_SECONDS)
        subject.start(fakes.neighbours)
        return World(fakes, subject, VirtualTiming(), self._numbers)

    def close(self, world: World, verdict: Verdict) -> None:  # noqa: ARG002 - nothing is kept, whatever the verdict
        world.subject.stop()

    def end(self) -> None:
        if self._fakes is not None:
            self._fakes.close()
            self._fakes = None


class InProcessWorlds(BuiltInWorlds):
    """The same for a relay with the interface of the reference relay."""

    def __init__(self, profile: str, seed: int, build: Build = reference, name: str = REFERENCE) -> None:
        super().__init__(profile, seed, relay(build, name))


class HttpWorlds:
    """The fakes as processes, one subject for all scenarios; after a failed one both start over.

    If a wait has timed out and the subject made no call at all, the next scenario waits for less time: otherwise
    judging a relay that never polls CHT would take an hour.
    """

    def __init__(self, profile: str, seed: int, make_subject: Callable[[], ExternalRelay]) -> None:
        self.profile = profile
        self._seed = seed
        self._make_subject = make_subject
        self._subject: ExternalRelay | None = None
        self._services: Services | None = None
        self._numbers: Iterator[str] = fresh_numbers()
        self._described = make_subject()
        self._absent: str | None = None
        self._silent = False

    def describe(self) -> dict[str, Any]:
        return self._described.describe()

    def capabilities(self) -> frozenset[Capability]:
        return self._described.capabilities

    def begin(self) -> None:
        self._running()

    def open(self) -> World:
        services, subject = self._running()
        try:
            subject.check_alive()
        except SubjectFailed:
            self._stop_subject()  # so that the next scenario has one that runs
            raise
        timing: Timing = RealTiming(subject.poll_seconds, patience=SILENT_PATIENCE if self._silent else PATIENCE)
        services.restore_defaults()
        return World(services, subject, timing, self._numbers)

    def _running(self) -> tuple[Services, ExternalRelay]:
        if self._absent is not None:
            raise HarnessBroken(self._absent)
        if self._services is None:
            self._services = FakeProcesses(self.profile, self._seed)
        if self._subject is None:
            self._subject = self._started(self._services)
        return self._services, self._subject

    def _started(self, services: Services) -> ExternalRelay:
        """A subject that runs. One that once could not be reached is not waited for again in every scenario."""
        subject = self._make_subject()
        try:
            subject.start(services.neighbours)
        except BaseException as failure:
            subject.stop()  # it may run without listening
            if isinstance(failure, HarnessBroken):
                self._absent = str(failure)
            raise
        return subject

    def close(self, world: World, verdict: Verdict) -> None:
        world.control.delete("/faults")
        if isinstance(world.timing, RealTiming) and world.timing.timed_out:
            self._silent = not any(call.by_relay for call in world.history().calls)
        elif verdict is Verdict.PASSED:
            self._silent = False
        if verdict is not Verdict.PASSED and Capability.RESTART in self.capabilities():
            self._stop_subject()
            world.control.post("/reset")

    def end(self) -> None:
        self._stop_subject()
        if self._services is not None:
            self._services.close()
            self._services = None

    def _stop_subject(self) -> None:
        subject: Subject | None = self._subject
        if subject is not None:
            subject.stop()
        self._subject = None
