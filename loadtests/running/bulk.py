"""CHT's reminders that become due together: their documents are stored before, in bulk, and become due at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby

from conformance.services.cht_client import message_document
from conformance.subjects.base import Capability
from conformance.verdicts import HarnessBroken
from conformance.world.world import World
from loadtests.driving.work import Work
from loadtests.results import RequestSample
from loadtests.shapes.arrivals import Arrival, phone_of
from loadtests.shapes.model import Shape
from loadtests.texts import text

AT_ONCE = 500
"""Documents in one request."""
STORED, DUE = "CHT: documents in bulk", "CHT: reminders become due"


class Reminders:
    """The reminders of a shape over sockets. `store` before the beginning, then `due` again and again.

    Where CHT is the subject itself nobody can make it look for due reminders: there each group comes in bulk, pending.
    """

    def __init__(self, world: World, shape: Shape, work: Work, bulk: Sequence[Arrival]) -> None:
        self.samples: list[RequestSample] = []
        self.made = 0
        """How many have become due so far."""
        self._world, self._shape, self._work = world, shape, work
        self.numbers = frozenset(phone_of(shape, one.position) for one in bulk)
        self._groups = [(at / shape.compressed, list(group)) for at, group in groupby(bulk, key=lambda one: one.at)]
        self._stored = Capability.CHT_OUTSIDE in world.subject.capabilities

    @property
    def left(self) -> bool:
        """Whether some are not due yet."""
        return bool(self._groups)

    def store(self) -> None:
        """Store the documents, so that CHT has them before they are due."""
        if not self._stored:
            return
        begins = datetime.now(UTC)
        for at, group in self._groups:
            self._put(group, begins + timedelta(seconds=at), scheduled=True)

    def due(self, began: datetime) -> None:
        """Let those become due whose moment has come."""
        while self._groups and datetime.now(UTC) >= began + timedelta(seconds=self._groups[0][0]):
            at, group = self._groups.pop(0)
            self.made += len(group)
            if self._stored:
                self._timed(DUE, began + timedelta(seconds=at), self._run_schedules)
            else:
                self._put(group, datetime.now(UTC), scheduled=False)

    def _run_schedules(self) -> None:
        self._world.control.post("/cht/run", {"pass": "schedules"})

    def _put(self, group: Sequence[Arrival], moment: datetime, *, scheduled: bool) -> None:
        for first in range(0, len(group), AT_ONCE):
            documents = list(self._documents(group[first : first + AT_ONCE], moment, scheduled=scheduled))
            self._timed(STORED, datetime.now(UTC), partial(self._world.cht.put_all, documents))

    def _documents(self, group: Sequence[Arrival], moment: datetime, *, scheduled: bool) -> Iterator[dict[str, object]]:
        for one in group:
            pair = (phone_of(self._shape, one.position), text(self._work.seed, "out", one.position))
            yield message_document(self._work.id_of("cht", one.position), [pair], moment, scheduled=scheduled)

    def _timed(self, name: str, intended: datetime, request: Callable[[], object]) -> None:
        ok = True
        try:
            request()
        except HarnessBroken:
            ok = False
        ms = (datetime.now(UTC) - intended).total_seconds() * 1000
        self.samples.append(RequestSample(intended, name, ms, ok, driver=True))
