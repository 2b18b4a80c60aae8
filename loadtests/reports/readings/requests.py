"""The times of the requests that the subject answered, from their intended start, and of all requests by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from loadtests.gates import percentile
from loadtests.reports.model import Column, Series, Table
from loadtests.reports.readings.bins import Bins
from loadtests.results import RequestSample

SHARES = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
COLUMNS = (
    Column("name", "request", "text"),
    Column("answered_by", "answered by", "text"),
    Column("requests", "requests"),
    Column("failures", "failures"),
    Column("p50_ms", "p50 ms"),
    Column("p95_ms", "p95 ms"),
    Column("p99_ms", "p99 ms"),
    Column("max_ms", "longest ms"),
)


def times_over_time(requests: Sequence[RequestSample], bins: Bins, began: datetime) -> tuple[Series, ...]:
    """Percentiles of what began in each part of the run; a part without requests has none."""
    pairs = (((one.at - began).total_seconds(), one.ms) for one in requests if not one.driver)
    found = [percentiles(group) for group in bins.grouped(pairs)]
    return tuple(
        Series(f"{name}_ms", name, tuple(one[place] for one in found)) for place, (_, name) in enumerate(SHARES)
    )


def requests_by_name(requests: Sequence[RequestSample], *, measured: bool = True) -> Table:
    """All requests of the load generator, by name: first those that the subject answered.

    Without times if they were not `measured`: in virtual time answers take none.
    """
    groups: dict[tuple[bool, str], list[RequestSample]] = {}
    for one in requests:
        groups.setdefault((one.driver, one.name), []).append(one)
    rows = []
    for (driver, name), samples in sorted(groups.items()):
        times = [one.ms for one in samples if measured]
        failures = sum(not one.ok for one in samples)
        answered_by = "the fakes" if driver else "the subject"
        longest = round(max(times), 2) if times else None
        rows.append((name, answered_by, len(samples), failures, *percentiles(times), longest))
    return Table("requests_by_name", "Requests of the load generator", COLUMNS, rows)


def percentiles(values: Sequence[float], digits: int = 2) -> list[float | None]:
    """The values of SHARES, rounded; None without any value."""
    return [round(percentile(values, share), digits) if values else None for share, _ in SHARES]
