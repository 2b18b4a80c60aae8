"""Several subjects judged by the same requirements: one table with a column for each subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from conformance.reports.report import Report
from conformance.requirements.catalogue import Requirement
from conformance.verdicts import Verdict, exit_status


class SideBySide:
    """The reports of several subjects on the same requirements, in the given order."""

    def __init__(self, reports: Sequence[Report]) -> None:
        if len({tuple(report.requirements) for report in reports}) != 1:
            raise ValueError("side by side there must be at least one report, and all must judge the same requirements")
        self.reports = tuple(reports)
        self.requirements: Sequence[Requirement] = reports[0].requirements

    def exit_status(self, *, strict: bool = False) -> int:
        """0: all good; 1: a subject failed (with `strict`: or is unknown); 2: nothing could be judged, the harness
        broke, or the run ended early and nothing has failed."""
        verdicts = [verdict for report in self.reports for verdict in report.verdicts()]
        if any(report.ended_early for report in self.reports) and Verdict.FAILED not in verdicts:
            return 2
        return exit_status(verdicts, strict=strict)

    def as_json(self) -> dict[str, Any]:
        """The reports of all subjects, each in the shape of `report.json`."""
        return {"reports": [report.as_json() for report in self.reports]}

    def show(self, console: Console) -> None:
        """Print the table, a line for each subject, and a command that shows a reason for a failure."""
        for report in self.reports:
            for sentence in report.broken:
                console.print(f"{name_of(report)}: broken: {sentence}", markup=False, highlight=False)
        console.print(self._table())
        width = max(len(name_of(report)) for report in self.reports)
        for report in self.reports:
            console.print(f"{name_of(report):{width}}  {report.totals_shown()}", markup=False, highlight=False)
        for report, requirement in self._failures()[:1]:
            seed = f" --seed {report.subject['seed']}" if "seed" in report.subject else ""
            which = f"--subject {name_of(report)} --only {requirement.id} --profile {report.profile}{seed}"
            console.print(
                f"why, for example: relay-harness conform {which}", markup=False, highlight=False, soft_wrap=True
            )

    def _failures(self) -> list[tuple[Report, Requirement]]:
        bad = (Verdict.FAILED, Verdict.BROKEN)
        return [(report, one) for report in self.reports for one in self.requirements if report.verdict(one) in bad]

    def _table(self) -> Table:
        table = Table(show_edge=False, pad_edge=False)
        for heading in ("id", "level", *map(name_of, self.reports)):
            table.add_column(heading, no_wrap=True)
        table.add_column("requirement", overflow="fold")
        for requirement in self.requirements:
            shown = [report.shown(requirement) for report in self.reports]
            table.add_row(requirement.id, requirement.level, *shown, requirement.sentence)
        return table


def name_of(report: Report) -> str:
    """The subject's name."""
    return str(report.subject.get("name", "subject"))
