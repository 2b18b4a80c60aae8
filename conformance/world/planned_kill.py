"""Kills a subject at a named moment: in process by an exception, over sockets by SIGKILL.

Over sockets a fault holds the moment: the service acts on the call and withholds its answer, so that the call has had
its effect and the subject does not know it yet. Then the subject is killed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.services.endpoints import GATEWAY, LOOK_UP, SEND
from conformance.subjects.base import CrashPoint, Killable
from conformance.verdicts import HarnessBroken, Untestable
from conformance.world.observations import Observations
from conformance.world.timing import Timing

PATIENCE = 6 * 3600.0
HELD: dict[CrashPoint, tuple[str, dict[str, str]]] = {
    CrashPoint.TEXT_HANDED_OUT: ("cht", GATEWAY),
    CrashPoint.REPORT_STORED: ("cht", GATEWAY),
    CrashPoint.BROADCAST_ACCEPTED: ("rapidpro", SEND),
    CrashPoint.STATES_ASKED: ("rapidpro", LOOK_UP),
}
"""Which service withholds its answer to which request, by moment."""


class PlannedKill:
    """One planned kill of a world's subject."""

    def __init__(
        self,
        world: Observations,
        timing: Timing,
        plan_fault: Callable[[Mapping[str, Any]], None],
        await_faults: Callable[[], None],
        point: CrashPoint,
    ) -> None:
        self._world = world
        self._timing = timing
        self._plan_fault = plan_fault
        self._await_faults = await_faults
        self._point = point
        self._held = False
        if isinstance(world.subject, Killable):
            if point not in world.subject.crash_points:
                raise Untestable(f"{world.subject.name} never reaches this moment: {point.value}")
            world.subject.crash_at(point)

    def before_incoming_text(self, text: str) -> None:
        """A person is about to send a text."""
        if self._point is CrashPoint.REPORT_STORED:
            self._hold({"text": text})

    def after_incoming_text(self) -> None:
        """RapidPro has delivered a text to the subject."""
        if self._point is CrashPoint.TEXT_TAKEN and not self._in_process():
            self._world.subject.kill()

    def before_outgoing_text(self) -> None:
        """CHT is about to have a text to send."""
        if self._point in (CrashPoint.BROADCAST_ACCEPTED, CrashPoint.STATES_ASKED):
            self._hold({})
        elif self._point is CrashPoint.TEXT_HANDED_OUT and not self._in_process():
            self._world.subject.kill()  # so that the first poll that gets the text is the one whose answer is withheld
            self._hold({})

    def after_outgoing_text(self) -> None:
        """CHT has a text to send."""
        if self._point is CrashPoint.TEXT_HANDED_OUT and not self._in_process():
            self._world.subject.restart()

    def finish(self, seconds: float = 0) -> None:
        """Wait for the moment, kill, restart `seconds` of virtual time later. HarnessBroken if it never came."""
        if isinstance(self._world.subject, Killable):
            self._finish_in_process(self._world.subject, seconds)
            return
        if self._held:
            self._await_faults()
        elif self._point is CrashPoint.STATES_TOLD:
            self._reach(lambda: any(one.state != "pending" for one in self._world.history().outgoing_texts))
        self._world.subject.kill()
        self._world.control.delete("/faults")
        self._world.subject.restart()

    def _finish_in_process(self, subject: Killable, seconds: float) -> None:
        self._reach(lambda: not subject.running())
        self._world.services.virtual_clock().advance(seconds)
        self._timing.run(self._world, self._timing.a_while / 60)
        subject.restart()

    def _reach(self, holds: Any) -> None:
        if not self._timing.until(self._world, holds, PATIENCE):
            self._world.expect_nothing_wrong(f"this never happened: {self._point.value}")
            raise HarnessBroken(f"this moment never came: {self._point}")

    def _in_process(self) -> bool:
        return isinstance(self._world.subject, Killable)

    def _hold(self, match: dict[str, str]) -> None:
        if self._in_process():
            return
        service, where = HELD[self._point]
        self._plan_fault(
            {"service": service, "effect": "lose_reply", "with": {"how": "hang"}, "match": {**where, **match}}
        )
        self._held = True
