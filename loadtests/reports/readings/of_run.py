"""What charts and tables are both made from, read from a run once: waits, quota, and which requests failed when."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

from conformance.history.model import Call
from conformance.planning.calls import by_subject
from loadtests.reports.readings.quota import Scope, scopes
from loadtests.reports.readings.waiting import Wait, incoming_waits, outgoing_waits
from loadtests.results import LoadRun


@dataclass(frozen=True, slots=True)
class Readings:
    """Moments are seconds after the beginning. `failed` are those of the subject's failed requests, by service."""

    seconds: float
    outgoing: tuple[Wait, ...]
    incoming: tuple[Wait, ...]
    scopes: tuple[Scope, ...]
    failed: dict[str, tuple[float, ...]]

    @classmethod
    def of(cls, run: LoadRun) -> Readings:
        """Read from a run."""
        failed: dict[str, list[float]] = {}
        for call in run.exchanges:
            if (call.by_relay or by_subject(call)) and _failed(call):
                failed.setdefault(call.service, []).append((call.at - run.began).total_seconds())
        return cls(
            (run.ended - run.began).total_seconds(),
            tuple(outgoing_waits(run.history, run.began)),
            tuple(incoming_waits(run.history, run.began)),
            scopes(run.exchanges, run.rates, run.profile, run.began),
            {service: tuple(sorted(moments)) for service, moments in failed.items()},
        )

    def failed_within(self, service: str, begins: float, ends: float) -> int:
        """How many requests of the subject to this service failed in this time, its end not included."""
        moments = self.failed.get(service, ())
        return bisect.bisect_left(moments, ends) - bisect.bisect_left(moments, begins)


def _failed(call: Call) -> bool:
    return call.status is None or call.status >= 400
