"""What an operator sees: /health, its numbers and counts of calls for Prometheus, log lines of what stands still."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from types import SimpleNamespace
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from relay.http_client import steady
from relay.store import Store

DATABASE_ERRORS = (SQLAlchemyError, OSError)
STALE_SECONDS = 900
"""A text that waits longer is trouble."""
STILL_SECONDS = 180
"""The worker uses the database more often, even if there is nothing to do and even if each call takes long."""
QUOTA = 2500
"""Calls to one endpoint of RapidPro in an hour, as it documents them."""


class Standstill:
    """A block that fails with a database error is logged when that begins and when it is over, not each time."""

    def __init__(self, log: Any, name: str) -> None:
        self._log, self._name, self.cause = log, name, ""

    def __enter__(self) -> None: ...

    def __exit__(self, _: Any, error: BaseException | None, __: Any) -> None:
        first_line = str(getattr(error, "orig", None) or error).partition("\n")[0]
        cause = f"{type(error).__name__}: {first_line}" if isinstance(error, DATABASE_ERRORS) else ""
        if bool(cause) != bool(self.cause):
            self._log.warning("stands_still" if cause else "works_again", what=self._name, cause=cause)
        self.cause = cause


class Calls:
    """Counts the calls to the neighbours and the answers to texts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()  # not the library's global one: each relay has its own
        labels = ["service", "endpoint", "outcome"]
        self.total = Counter(
            "relay_calls", "Calls, and answers to RapidPro, by status.", labels, registry=self.registry
        )
        self._granted: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=QUOTA))

    def counted(self, session: Any, service: str) -> Any:
        """What makes calls with `session` and counts them."""
        return SimpleNamespace(request=partial(self._request, session, service))

    def _request(self, session: Any, service: str, method: str, url: str, **options: Any) -> Any:
        outcome, endpoint = "no answer", url.partition("?")[0].rpartition("/")[2]
        try:
            response = session.request(method, url, **options)
            outcome = str(response.status_code)
            return response
        finally:
            self.total.labels(service, endpoint, outcome).inc()
            if service == "rapidpro" and outcome not in {"403", "429"}:
                self._granted[endpoint].append(monotonic())

    def quota_left(self) -> dict[str, int]:
        """Calls that RapidPro allows within this hour, by endpoint, if no other client of the workspace makes any."""
        for times in self._granted.values():
            while times and times[0] < monotonic() - 3600:
                times.popleft()
        return {name: QUOTA - len(times) for name, times in self._granted.items()}


def report(store: Store, database: Standstill, calls: Calls, now: float) -> dict[str, Any]:
    """The answer of /health. `stopped`: the database cannot be written, or nobody works."""
    try:
        with database:
            queues, oldest, neighbours = store.health()
    except DATABASE_ERRORS:
        return {"status": "stopped", "cause": database.cause}
    ages = {name: max(now - since, 0.0) if since else 0.0 for name, since in oldest.items()}
    details = {
        neighbour.name: neighbour._asdict()
        | {
            "left_alone_until": _iso(neighbour.blocked_until, now),
            "last_success": _iso(neighbour.succeeded_at, 0),
            "oldest_text_seconds": ages[neighbour.name],
        }
        for neighbour in neighbours
    }
    trouble = any(neighbour.failures for neighbour in neighbours) or max(ages.values()) > STALE_SECONDS
    status = "trouble" if trouble else "ok"
    if steady() - store.worked_at > STILL_SECONDS:
        status = "stopped"
    return {"status": status, "queues": queues, "quota_left": calls.quota_left(), **details}


def metrics(report: Mapping[str, Any], calls: Calls) -> bytes:
    """Every number of /health, and the counts, in Prometheus's text format."""
    registry = CollectorRegistry()
    numbers = Gauge("relay_health", "The numbers of /health.", ["part", "name"], registry=registry)
    for part, values in {**report, "status": {report["status"]: 1}}.items():
        for name, value in values.items() if isinstance(values, dict) else ():
            if isinstance(value, int | float):
                numbers.labels(part, name).set(value)
    return generate_latest(registry) + generate_latest(calls.registry)


def _iso(timestamp: float, after: float) -> str | None:
    return datetime.fromtimestamp(timestamp, UTC).isoformat() if timestamp > after else None
