"""Kills a subject at a named moment, in process by an exception at a seam, over sockets by SIGKILL.

Over sockets the moment is held still: the service acts on the call and then keeps its answer back, so that the subject
stands between the effect and the knowledge of it; there it is killed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.services.requests import ASKING, GATEWAY, SENDING
from conformance.subjects.base import CrashPoint, Mortal
from conformance.verdicts import HarnessBroken, SubjectFailed, Untestable
from conformance.world.observations import Sight
from conformance.world.timing import Pace

PATIENCE = 6 * 3600.0
HELD: dict[CrashPoint, tuple[str, dict[str, str]]] = {
    CrashPoint.TEXT_HANDED_OUT: ("cht", GATEWAY),
    CrashPoint.REPORT_STORED: ("cht", GATEWAY),
    CrashPoint.BROADCAST_ACCEPTED: ("rapidpro", SENDING),
    CrashPoint.STATES_ASKED: ("rapidpro", ASKING),
}
"""Whose answer to what is held back for which moment."""


class Killing:
    """One planned kill of a world's subject."""

    def __init__(
        self,
        world: Sight,
        pace: Pace,
        plan_fault: Callable[[Mapping[str, Any]], None],
        await_faults: Callable[[], None],
        point: CrashPoint,
    ) -> None:
        self._world = world
        self._pace = pace
        self._plan_fault = plan_fault
        self._await_faults = await_faults
        self._point = point
        self._held = False
        if isinstance(world.subject, Mortal):
            if point not in world.subject.crash_points:
                raise Untestable(f"{world.subject.name} never comes to the moment after which {point.value}")
            world.subject.crash_at(point)

    def before_text_in(self, text: str) -> None:
        """A person is about to text in."""
        if self._point is CrashPoint.REPORT_STORED:
            self._hold({"text": text})

    def after_text_in(self) -> None:
        """RapidPro has handed a text over."""
        if self._point is CrashPoint.TEXT_TAKEN and not self._in_process():
            self._world.subject.kill()

    def before_due(self) -> None:
        """CHT is about to have a text to send."""
        if self._point in (CrashPoint.BROADCAST_ACCEPTED, CrashPoint.STATES_ASKED):
            self._hold({})
        elif self._point is CrashPoint.TEXT_HANDED_OUT and not self._in_process():
            self._world.subject.kill()  # so that the first to be handed the text is the one whose answer is held
            self._hold({})

    def after_due(self) -> None:
        """CHT has a text to send."""
        if self._point is CrashPoint.TEXT_HANDED_OUT and not self._in_process():
            self._world.subject.restart()

    def finish(self) -> None:
        """Wait for the moment, kill, start again. HarnessBroken if the moment never came."""
        if isinstance(self._world.subject, Mortal):
            self._finish_in_process(self._world.subject)
            return
        if self._held:
            self._await_faults()
        elif self._point is CrashPoint.STATES_TOLD:
            self._reach(lambda: any(due.state != "pending" for due in self._world.history().due))
        self._world.subject.kill()
        self._world.control.delete("/faults")
        self._world.subject.restart()

    def _finish_in_process(self, subject: Mortal) -> None:
        self._reach(lambda: not subject.running())
        self._pace.run(self._world, self._pace.a_while / 60)
        subject.restart()

    def _reach(self, holds: Any) -> None:
        if not self._pace.until(self._world, holds, PATIENCE):
            found = self._world.violations()
            if found:
                raise SubjectFailed("\n".join([*map(str, found), f"and it never came to this: {self._point.value}"]))
            raise HarnessBroken(f"the moment never came: {self._point}\n{self._world.picture()}")

    def _in_process(self) -> bool:
        return isinstance(self._world.subject, Mortal)

    def _hold(self, match: dict[str, str]) -> None:
        if self._in_process():
            return
        service, where = HELD[self._point]
        self._plan_fault(
            {"service": service, "effect": "lose_reply", "with": {"how": "hang"}, "match": {**where, **match}}
        )
        self._held = True
