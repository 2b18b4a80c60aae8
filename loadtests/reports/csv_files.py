"""Tables as CSV, with a line for the names of the columns, as in JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from loadtests.reports.model import Table, Value
from loadtests.results import LoadRun

SAMPLE = ("at", "name", "ms", "ok", "driver")


def table_csv(table: Table) -> str:
    """A table. Moments are in seconds after the beginning."""
    return _csv((one.key for one in table.columns), table.rows)


def samples_csv(run: LoadRun) -> str:
    """Every request of the load generator: its intended start as ISO time, its time from then, in ms."""
    rows = ((one.at.isoformat(), one.name, round(one.ms, 3), one.ok, one.driver) for one in run.requests)
    return _csv(SAMPLE, rows)


def _csv(names: Iterable[str], rows: Iterable[Sequence[Value]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return out.getvalue()
