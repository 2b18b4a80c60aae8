"""Where worlds come from; here: those in this process, in virtual time. `http_worlds` has those over sockets."""

from __future__ import annotations

from typing import Any, Protocol

from conformance.services.in_process import InProcessFakes
from conformance.subjects.base import Capability
from conformance.subjects.built_in import POLL_SECONDS, REFERENCE, BuiltIn, relay
from conformance.subjects.in_process import Build, quick_folder, reference
from conformance.verdicts import Verdict
from conformance.world.people import fresh_numbers
from conformance.world.timing import VirtualTiming
from conformance.world.world import World


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
