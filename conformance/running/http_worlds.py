"""Worlds of real processes over sockets, in real time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from conformance.running.probe import PROBE_SECONDS, probe
from conformance.services.processes import FakeProcesses
from conformance.subjects.base import Capability
from conformance.subjects.external import ExternalRelay
from conformance.verdicts import HarnessBroken, SubjectFailed, Verdict
from conformance.world.people import fresh_numbers
from conformance.world.timing import PATIENCE, RealTiming
from conformance.world.world import World

SILENT_PATIENCE = 3.0
"""Real seconds for a subject that has never made a call, plus ten poll intervals."""


def nothing(_services: FakeProcesses) -> None:
    """For who need not know the addresses of the services."""


class HttpWorlds:
    """The fakes as processes, one subject for all scenarios; after a failed one both start over.

    `announce` learns the addresses of the services before the subject is looked for. If a wait has timed out and the
    subject made no call at all, the next scenario waits for less time than `patience`: otherwise judging a relay that
    never polls CHT would take an hour. Without `probing` the subject is known to be a relay.
    """

    def __init__(
        self,
        profile: str,
        make_services: Callable[[], FakeProcesses],
        make_subject: Callable[[], ExternalRelay],
        *,
        patience: float = PATIENCE,
        announce: Callable[[FakeProcesses], None] = nothing,
        probing: bool = True,
    ) -> None:
        self.profile = profile
        self._make_services = make_services
        self._make_subject = make_subject
        self._patience = patience
        self._announce = announce
        self._probing = probing
        self._subject: ExternalRelay | None = None
        self._services: FakeProcesses | None = None
        self._numbers: Iterator[str] = fresh_numbers()
        self._described = make_subject()
        self._absent: str | None = None
        self._silent = False

    def describe(self) -> dict[str, Any]:
        return self._described.describe()

    def capabilities(self) -> frozenset[Capability]:
        return self._described.capabilities

    def begin(self) -> None:
        """Start services and subject, and look whether it is a relay at all."""
        services, subject = self._running()
        if self._probing:
            timing = RealTiming(0.0, PROBE_SECONDS + 2 * subject.poll_seconds)
            try:
                self._silent = not probe(World(services, subject, timing, self._numbers))
            except SubjectFailed:  # it has ended by itself: the scenarios judge that
                self._stop_subject()

    def open(self) -> World:
        services, subject = self._running()
        try:
            subject.check_alive()
        except SubjectFailed:
            self._stop_subject()  # so that the next scenario has one that runs
            raise
        patience = min(SILENT_PATIENCE, self._patience) if self._silent else self._patience
        services.restore_defaults()
        return World(services, subject, RealTiming(subject.poll_seconds, patience=patience), self._numbers)

    def _running(self) -> tuple[FakeProcesses, ExternalRelay]:
        if self._absent is not None:
            raise HarnessBroken(self._absent)
        if self._services is None:
            self._services = self._make_services()
            self._announce(self._services)
        if self._subject is None:
            self._subject = self._started(self._services)
        return self._services, self._subject

    def _started(self, services: FakeProcesses) -> ExternalRelay:
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
        if verdict is not Verdict.PASSED and self._subject is not None:
            self._subject.keep_log()
            if Capability.RESTART in self.capabilities():
                self._stop_subject()
                world.control.post("/reset")

    def end(self) -> None:
        self._stop_subject()
        if self._services is not None:
            self._services.close()
            self._services = None

    def _stop_subject(self) -> None:
        if self._subject is not None:
            self._subject.stop()
        self._subject = None
