"""Several subjects judged by the same requirements: one table with a column for each subject."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.reports.report import Report
from conformance.reports.terminal import command_lines, width_of
from conformance.requirements.catalogue import Requirement
from conformance.verdicts import Verdict, exit_status

GAP = 3
"""Columns between two columns of a table."""
LEVEL = len("should")
ROOM_FOR_SENTENCES = 30


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

    def show(self, console: Console, *, quiet: bool = False) -> None:
        """Print the table, a line for each subject, and a command that shows a reason for a failure. `quiet`: the lines
        for the subjects alone."""
        columns = width_of(console)
        for report in self.reports:
            for sentence in report.broken:
                console.print(f"{name_of(report)}: broken: {sentence}", markup=False, highlight=False)
        if not quiet:
            for table in self._tables(columns):
                console.print(table, width=columns)
        width = max(len(name_of(report)) for report in self.reports)
        for report in self.reports:
            totals = f"{name_of(report):{width}}  {report.totals_shown()}"
            console.print(totals, markup=False, highlight=False, soft_wrap=True)
        if quiet:
            return
        for report, requirement in self._failures()[:1]:
            seed = f" --seed {report.subject['seed']}" if "seed" in report.subject else ""
            which = f"--subject {name_of(report)} --only {requirement.id} --profile {report.profile}{seed}"
            console.print("why, for example:")
            for line in command_lines(f"relay-harness conform {which}", columns):
                console.print(line.text, markup=False, highlight=False, soft_wrap=True)

    def _failures(self) -> list[tuple[Report, Requirement]]:
        bad = (Verdict.FAILED, Verdict.BROKEN)
        return [(report, one) for report in self.reports for one in self.requirements if report.verdict(one) in bad]

    def _tables(self, columns: int) -> Iterator[Table]:
        """The table, or several below each other if not all subjects have room beside each other."""
        names = max(len(one.id) for one in self.requirements) + LEVEL + 2 * GAP if self.requirements else 0
        chosen: list[Report] = []
        room = columns - names
        for report in self.reports:
            if chosen and room < self._width_of(report):
                yield self._table(chosen, 0)
                chosen, room = [], columns - names
            chosen.append(report)
            room -= self._width_of(report) + GAP
        yield self._table(chosen, room)

    def _width_of(self, report: Report) -> int:
        """The columns that a subject needs."""
        verdicts = (Text.from_markup(report.shown(requirement)) for requirement in self.requirements)
        return max([len(name_of(report)), *(len(verdict.plain) for verdict in verdicts)])

    def _table(self, reports: Sequence[Report], room: int) -> Table:
        """A table of some subjects, with the sentences of the requirements if there is `room` for their words."""
        table = Table(show_edge=False, pad_edge=False)
        sentences = room >= ROOM_FOR_SENTENCES
        for heading in ("id", "level", *map(name_of, reports)):
            table.add_column(heading, no_wrap=True)
        if sentences:
            table.add_column("requirement")
        for requirement in self.requirements:
            shown = [report.shown(requirement) for report in reports]
            sentence = [requirement.sentence] if sentences else []
            table.add_row(requirement.id, requirement.level, *shown, *sentence)
        return table


def name_of(report: Report) -> str:
    """The subject's name."""
    return str(report.subject.get("name", "subject"))
