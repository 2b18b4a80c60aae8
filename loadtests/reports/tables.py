"""The tables of a report: figures with their limits, waits, quota, faults, what is left, and the charts as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields

from loadtests.gates import AT_LEAST, Figures, Limits
from loadtests.reports.model import Column, Table, Timeline, Value
from loadtests.reports.readings.of_run import Readings
from loadtests.reports.readings.requests import SHARES, percentiles, requests_by_name
from loadtests.reports.readings.waiting import Wait, longest_wait, most_waiting
from loadtests.results import LoadRun

LABELS: Mapping[str, str] = {
    "requests": "requests of the load generator",
    "failures": "requests that failed",
    "driver_requests": "requests that only drove the fakes",
    "driver_failures": "of these, failed",
    "texts_in": "texts from people",
    "texts_out": "texts from CHT",
    "lost": "lost",
    "duplicated": "duplicated",
    "violations": "violations",
    "not_drained": "not done by the time limit",
    "texts_per_second": "texts a second, both directions, whole run",
    "texts_out_per_second": "texts a second, from the first due to the last on its phone",
    "p50_ms": "request time p50, ms",
    "p95_ms": "request time p95, ms",
    "p99_ms": "request time p99, ms",
    "to_phone_p50_s": "from pending to phone p50, s",
    "to_phone_p95_s": "from pending to phone p95, s",
    "calls_per_text": "calls to RapidPro for each text from CHT",
    "seconds": "seconds",
    "highest_rate": "highest rate of a ramp each way, texts a second",
}
"""What each figure is called. Names and kinds are told elsewhere on the page."""


def tables(run: LoadRun, readings: Readings, over_time: Timeline) -> tuple[Table, ...]:
    """All tables, in the order of the page."""
    return (
        _figures(run.figures, run.limits),
        _not_drained(run.not_drained),
        _waits(readings),
        requests_by_name(run.requests, measured=run.time == "real"),
        _quota(readings),
        _bands(readings, over_time),
        _over_time(over_time),
    )


def _figures(figures: Figures, limits: Limits) -> Table:
    """Each figure with its limit, if it has one, and whether it keeps to it."""
    columns = (
        Column("figure", "figure", "text"), Column("value", "value"), Column("limit", "limit"), Column("kept", "kept"),
    )  # fmt: skip
    names = [one.name for one in fields(Figures) if one.name in LABELS]
    return Table("figures", "Figures", columns, [_figure(name, figures, limits) for name in names])


def _figure(name: str, figures: Figures, limits: Limits) -> tuple[Value, ...]:
    value, limit = getattr(figures, name), getattr(limits, name, None)
    kept = None
    if value is not None and limit is not None:
        kept = value >= limit if name in AT_LEAST else value <= limit
    return LABELS[name], value, limit, kept


def _not_drained(left: Mapping[str, int]) -> Table:
    columns = (Column("what", "what", "text"), Column("left", "left"))
    return Table("not_drained", "Not done by the time limit", columns, list(left.items()))


def _waits(readings: Readings) -> Table:
    columns = (
        Column("texts", "texts", "text"),
        Column("count", "number"),
        *(Column(f"{name}_s", f"waited {name}, s") for _, name in SHARES),
        Column("longest_s", "longest, s"),
        Column("most_at_once", "most at once"),
        Column("most_at", "at", "moment"),
        Column("given_up", "failed or given up"),
        Column("still_waiting", "still waiting at the end"),
    )
    sides = (("from CHT, until on the phone", readings.outgoing), ("accepted, until in CHT", readings.incoming))
    rows = [(name, *_wait_row(waits, readings.seconds)) for name, waits in sides]
    return Table("waits", "How long texts waited", columns, rows)


def _wait_row(waits: Sequence[Wait], end: float) -> Iterator[Value]:
    done = [one.ends - one.begins for one in waits if one.ends is not None and not one.given_up]
    given_up = sum(one.given_up for one in waits)
    yield len(waits)
    yield from percentiles(done, 3)
    longest = longest_wait(waits, end)
    yield None if longest is None else round(longest, 3)
    most, at = most_waiting(waits)
    yield most
    yield None if at is None else round(at, 3)
    yield given_up
    yield len(waits) - len(done) - given_up


def _quota(readings: Readings) -> Table:
    columns = (
        Column("scope", "scope", "text"),
        Column("rate", "rate", "text"),
        Column("counted", "requests counted"),
        Column("refused", "refused (429)"),
        Column("fewest_left", "fewest left"),
        Column("fewest_at", "at", "moment"),
        Column("left_at_end", "left at the end"),
    )
    rows: list[tuple[Value, ...]] = []
    for one in readings.scopes:
        fewest, at = one.fewest()
        moment = None if at is None else round(at, 3)
        counted = one.name, one.rate if one.limited else "unlimited", len(one.granted), one.refused
        left = (fewest, moment, one.left(readings.seconds)) if one.limited else (None, None, None)
        rows.append((*counted, *left))
    return Table("quota", "RapidPro's quota", columns, rows)


def _bands(readings: Readings, over_time: Timeline) -> Table:
    columns = (
        Column("what", "what", "text"),
        Column("begins", "from", "moment"),
        Column("ends", "to", "moment"),
        Column("failed", "requests of the subject that failed meanwhile"),
    )
    rows = [
        (
            one.label,
            round(one.begins, 3),
            round(one.ends, 3),
            readings.failed_within(one.service or "rapidpro", one.begins, one.ends),
        )
        for one in over_time.bands
    ]
    return Table("faults", "Faults, and when RapidPro refused", columns, rows)


def _over_time(over_time: Timeline) -> Table:
    series = [one for chart in over_time.charts for one in chart.series]
    units = {one.key: f"{one.label}, {chart.unit}" for chart in over_time.charts for one in chart.series}
    columns = (Column("at", "until", "moment"), *(Column(one.key, units[one.key]) for one in series))
    rows = list(zip(over_time.moments, *(one.values for one in series), strict=True))
    return Table("timeline", "Over time", columns, rows)
