"""The plan: which faults come next, counted exactly under concurrent requests."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fakes.clock import Clock
from fakes.faults.errors import FaultError
from fakes.faults.fault import SERVICES, Fault
from fakes.serving.wsgi import Environ


@dataclass(slots=True)
class PlannedFault:
    """A fault in the plan: its number, when it was planned (seconds since 1970), and how often it was used."""

    id: int
    fault: Fault
    planned_at: float
    rng: random.Random
    skipped: int = 0
    used: int = 0

    @property
    def name(self) -> str:
        """Its name in the ledger, such as `lose_reply#3`."""
        return f"{self.fault.effect.name}#{self.id}"

    @property
    def remaining(self) -> int | None:
        """How many requests it will still hit; None for no limit."""
        return None if self.fault.times is None else self.fault.times - self.used

    @property
    def unused(self) -> bool:
        """Whether it hit fewer requests than planned."""
        return self.used == 0 if self.fault.times is None else self.used < self.fault.times

    def is_active(self, now: float) -> bool:
        """Whether `now` is within its time window."""
        begins = self.planned_at + self.fault.from_seconds
        return begins <= now and (self.fault.for_seconds is None or now < begins + self.fault.for_seconds)

    def take(self) -> bool:
        """Count a matching request and return whether it is hit. Call only under the lock of the plan."""
        if self.remaining == 0:
            return False
        if self.skipped < self.fault.skip:
            self.skipped += 1
            return False
        if self.fault.share < 1 and self.rng.random() >= self.fault.share:
            return False
        self.used += 1
        return True

    def as_json(self) -> dict[str, Any]:
        """Its JSON in the control API."""
        counts = {"used": self.used, "remaining": self.remaining, "unused": self.unused}
        return {"id": self.id, **self.fault.as_json(), **counts}


@dataclass
class Plan:
    """All planned faults in the order of planning. A request is hit by the first fault that takes it."""

    clock: Clock
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _all: tuple[PlannedFault, ...] = ()
    _by_service: dict[str, tuple[PlannedFault, ...]] = field(default_factory=dict)

    def add(self, *faults: Fault) -> list[PlannedFault]:
        """Plan these faults from now on."""
        now = self.clock.timestamp()
        with self._lock:
            new = [PlannedFault(next(self._numbers), fault, now, random.Random(fault.seed)) for fault in faults]
            self._replace((*self._all, *new))
        return new

    def remove(self, number: int) -> None:
        """Remove one fault. Raises FaultError if no fault has that number."""
        with self._lock:
            kept = [planned for planned in self._all if planned.id != number]
            if len(kept) == len(self._all):
                known = ", ".join(str(planned.id) for planned in self._all) or "none"
                raise FaultError(f"there is no fault {number}: the planned faults are {known}")
            self._replace(kept)

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._replace(())

    def take(self, service: str, environ: Environ) -> PlannedFault | None:
        """The fault that hits this request, already counted; None if the request is served normally."""
        for planned in self._by_service.get(service, ()):
            fault = planned.fault
            if not fault.match.matches(environ):
                continue
            if (fault.for_seconds is not None or fault.from_seconds) and not planned.is_active(self.clock.timestamp()):
                continue
            with self._lock:
                if planned.take():
                    return planned
        return None

    def give_back(self, planned: PlannedFault) -> None:
        """Undo `take`: the fault found nothing to change."""
        with self._lock:
            planned.used -= 1

    def unused(self) -> list[dict[str, Any]]:
        """Faults that were used less often than planned, or never, as JSON."""
        return [planned.as_json() for planned in self._all if planned.unused]

    def __iter__(self) -> Any:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def _replace(self, faults: Iterable[PlannedFault]) -> None:
        # Readers take no lock: they see the old tuple or the new one, never one that is changing.
        self._all = tuple(faults)
        self._by_service = {
            service: tuple(planned for planned in self._all if planned.fault.service in (None, service))
            for service in SERVICES
        }
