"""The plan: which faults are to come, counted exactly while requests arrive side by side."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fakes.clock import Clock
from fakes.faults.errors import FaultError
from fakes.faults.model import SERVICES, Fault
from fakes.serving.wsgi import Environ


@dataclass(slots=True)
class Planned:
    """A fault in the plan: its number, since when (seconds since 1970), and what became of it so far."""

    id: int
    fault: Fault
    since: float
    dice: random.Random
    skipped: int = 0
    used: int = 0

    @property
    def name(self) -> str:
        """As the ledger names it, such as `lose_reply#3`."""
        return f"{self.fault.effect.name}#{self.id}"

    @property
    def remaining(self) -> int | None:
        """How many requests it will still hit; None for no end."""
        return None if self.fault.times is None else self.fault.times - self.used

    @property
    def unused(self) -> bool:
        """Whether it tested less than it was planned for."""
        return self.used == 0 if self.fault.times is None else self.used < self.fault.times

    def is_on(self, now: float) -> bool:
        """Whether its window is open; it heals by itself when that ends."""
        begins = self.since + self.fault.from_seconds
        return begins <= now and (self.fault.for_seconds is None or now < begins + self.fault.for_seconds)

    def take(self) -> bool:
        """Count a request that fits; whether it is hit. Only under the plan's lock."""
        if self.remaining == 0:
            return False
        if self.skipped < self.fault.skip:
            self.skipped += 1
            return False
        if self.fault.share < 1 and self.dice.random() >= self.fault.share:
            return False
        self.used += 1
        return True

    def as_json(self) -> dict[str, Any]:
        """As the control API shows it."""
        counts = {"used": self.used, "remaining": self.remaining, "unused": self.unused}
        return {"id": self.id, **self.fault.as_json(), **counts}


@dataclass
class Plan:
    """All planned faults in the order in which they were planned. A request is hit by the first one that takes it."""

    clock: Clock
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _all: tuple[Planned, ...] = ()
    _of: dict[str, tuple[Planned, ...]] = field(default_factory=dict)

    def add(self, *faults: Fault) -> list[Planned]:
        """Plan these from now on."""
        now = self.clock.timestamp()
        with self._lock:
            new = [Planned(next(self._numbers), fault, now, random.Random(fault.seed)) for fault in faults]
            self._keep((*self._all, *new))
        return new

    def remove(self, number: int) -> None:
        """Forget one. Raises FaultError if there is none of that number."""
        with self._lock:
            kept = [planned for planned in self._all if planned.id != number]
            if len(kept) == len(self._all):
                known = ", ".join(str(planned.id) for planned in self._all) or "none"
                raise FaultError(f"there is no fault {number}: planned are {known}")
            self._keep(kept)

    def clear(self) -> None:
        """Forget all: everything is well again."""
        with self._lock:
            self._keep(())

    def take(self, service: str, environ: Environ) -> Planned | None:
        """The fault that hits this request, already counted; None if it is to be served well."""
        for planned in self._of.get(service, ()):
            fault = planned.fault
            if not fault.match.fits(environ):
                continue
            if (fault.for_seconds is not None or fault.from_seconds) and not planned.is_on(self.clock.timestamp()):
                continue
            with self._lock:
                if planned.take():
                    return planned
        return None

    def give_back(self, planned: Planned) -> None:
        """The fault found nothing to do: it was not used after all."""
        with self._lock:
            planned.used -= 1

    def unused(self) -> list[dict[str, Any]]:
        """Faults that were never, or not as often as planned, used: they tested nothing."""
        return [planned.as_json() for planned in self._all if planned.unused]

    def __iter__(self) -> Any:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def _keep(self, planned: Iterable[Planned]) -> None:
        # Readers take no lock: they see the old tuple or the new one, never one that changes under them.
        self._all = tuple(planned)
        self._of = {
            service: tuple(one for one in self._all if one.fault.service in (None, service)) for service in SERVICES
        }
