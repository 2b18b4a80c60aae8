"""The relay of a test that uses the fakes: the test makes it and drives it, and says where RapidPro delivers texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from conformance.services.neighbours import Neighbours
from conformance.subjects.base import Capability, GatewayRelay
from conformance.verdicts import Untestable


@dataclass(slots=True)
class Job:
    """Something that is called again and again while virtual time passes."""

    every: timedelta
    action: Callable[[], object]
    due: datetime


class Worker(Protocol):
    """A relay in this process."""

    def next_due(self) -> datetime | None: ...

    def work(self) -> None: ...

    def stop(self) -> None: ...


class CallersRelay(GatewayRelay):
    """A subject about which only the address of its webhook is known. `now` is the services' time."""

    name = "relay"
    capabilities = frozenset({Capability.CHT_OUTSIDE, Capability.STATES})

    def __init__(self, now: Callable[[], datetime], token: str) -> None:
        self.url: str | None = None
        self.token = token
        self._now = now
        self._jobs: list[Job] = []
        self._worker: Worker | None = None

    def every(self, seconds: float, action: Callable[[], object]) -> None:
        """Call `action` every `seconds` of virtual time, for the first time when time passes next."""
        self._jobs.append(Job(timedelta(seconds=seconds), action, self._now()))

    def work_for(self, worker: Worker) -> None:
        """Call this relay, which is in this process, whenever it is due; the one before is stopped."""
        self.stop_worker()
        self._worker = worker

    def stop_worker(self) -> None:
        """Stop a relay in this process, if there is one."""
        if self._worker is not None:
            self._worker.stop()
        self._worker = None

    def describe(self) -> dict[str, Any]:
        return {"name": self.name}

    def start(self, neighbours: Neighbours) -> None:
        """Nothing: the test starts it."""

    def webhook_url(self) -> str:
        return self.url or ""

    def webhook_token(self) -> str:
        return self.token

    def stop(self) -> None:
        self._jobs.clear()
        self.stop_worker()

    def kill(self) -> None:
        raise Untestable("the test itself drives this relay: kill it there")

    def restart(self) -> None:
        raise Untestable("the test itself drives this relay: restart it there")

    def next_due(self) -> datetime | None:
        due = [job.due for job in self._jobs]
        of_worker = None if self._worker is None else self._worker.next_due()
        return min(due if of_worker is None else [*due, of_worker], default=None)

    def work(self) -> None:
        for job in self._jobs:
            if job.due <= self._now():
                job.due = self._now() + job.every
                job.action()
        of_worker = None if self._worker is None else self._worker.next_due()
        if self._worker is not None and of_worker is not None and of_worker <= self._now():
            self._worker.work()
