"""A report of a run: its facts, tables and charts. Page and JSON are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from conformance.reports.run_info import harness_version, without_secrets
from loadtests.reports.model import Table, Timeline
from loadtests.reports.readings.of_run import Readings
from loadtests.reports.tables import tables
from loadtests.reports.timeline import timeline
from loadtests.results import LoadRun


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Everything that page and files show of a run. `command` has no secret in it."""

    run: LoadRun
    command: str
    timeline: Timeline
    tables: Mapping[str, Table]

    @classmethod
    def of(cls, run: LoadRun) -> LoadReport:
        """The report of a run."""
        readings = Readings.of(run)
        over_time = timeline(run, readings)
        found = {table.key: table for table in tables(run, readings, over_time)}
        return cls(run, without_secrets(run.command), over_time, found)

    def facts(self) -> Mapping[str, Any]:
        """What the run was, by name. Times are ISO times on the clock of the fakes."""
        run = self.run
        return {
            "shape": run.shape.name,
            "about": run.shape.about,
            "subject": run.subject,
            "profile": run.profile,
            "seed": run.seed,
            "command": self.command,
            "time": run.time,
            "compressed": run.compressed,
            "began": run.began.isoformat(),
            "ended_sending": run.ended_sending.isoformat(),
            "ended": run.ended.isoformat(),
            "drained": run.drained,
            "harness": harness_version(),
        }

    def as_json(self) -> dict[str, Any]:
        """`load.json`: facts, verdict, figures as `load --json` has them, limits, and each table by its key."""
        run = self.run
        return {
            "run": self.facts(),
            **run.figures.as_json(run.verdict, run.reasons),
            "notes": list(run.notes),
            "limits": {name: limit for name, limit in asdict(run.limits).items() if limit is not None},
            "charts": [
                {"key": one.key, "title": one.title, "unit": one.unit, "series": [line.key for line in one.series]}
                for one in self.timeline.charts
            ],
            "tables": {key: table.as_json() for key, table in self.tables.items()},
        }
