"""The relay of a test that uses the fakes: the test makes it and drives it, and says where RapidPro delivers texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from conformance.services.neighbours import Neighbours
from conformance.subjects.base import Capability, GatewayRelay
from conformance.verdicts import Untestable


@dataclass(slots=True)
class Job:
    """Something that is called again and again while virtual time passes."""

    every: timedelta
    action: Callable[[], object]
    due: datetime


class CallersRelay(GatewayRelay):
    """A subject about which only the address of its webhook is known. `now` is the services' time."""

    name = "relay"
    capabilities = frozenset({Capability.CHT_OUTSIDE, Capability.STATES})

    def __init__(self, now: Callable[[], datetime], token: str) -> None:
        self.url: str | None = None
        self.token = token
        self._now = now
        self._jobs: list[Job] = []

    def every(self, seconds: float, action: Callable[[], object]) -> None:
        """Call `action` every `seconds` of virtual time, for the first time when time passes next."""
        self._jobs.append(Job(timedelta(seconds=seconds), action, self._now()))

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

    def kill(self) -> None:
        raise Untestable("the test itself drives this relay: kill it there")

    def restart(self) -> None:
        raise Untestable("the test itself drives this relay: restart it there")

    def next_due(self) -> datetime | None:
        return min((job.due for job in self._jobs), default=None)

    def work(self) -> None:
        for job in self._jobs:
            if job.due <= self._now():
                job.due = self._now() + job.every
                job.action()
