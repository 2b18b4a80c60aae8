"""What `conform` shows while it judges, on standard error: a live table on a terminal, a line a scenario elsewhere."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import click
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from conformance.reports.report import STYLE, Report, ScenarioResult
from conformance.verdicts import Verdict

BAD = (Verdict.FAILED, Verdict.BROKEN)
LAST_FAILURES = 5


class Display:
    """Shows results as they come. It never fails: standard error may be closed or on a full disk."""

    def __init__(self, console: Console | None = None, *, quiet: bool = False) -> None:
        self._console = console or Console(stderr=True)
        self._quiet = quiet
        self._live = self._console.is_terminal and not quiet
        self._total = 0
        self._results: list[ScenarioResult] = []
        self._progress = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        )
        self._task = self._progress.add_task("scenarios", total=None)
        self._screen = Live(console=self._console, get_renderable=self._table, transient=True, refresh_per_second=4)

    def selected(self, count: int) -> None:
        """So many scenarios, or subjects, are to be judged."""
        self._total = count
        self._progress.update(self._task, total=count)

    def result(self, result: ScenarioResult) -> None:
        """One more result."""
        self._results.append(result)
        self._progress.update(self._task, advance=1)
        if not self._live:
            of = f"[{len(self._results)}/{self._total}]" if self._total else f"[{len(self._results)}]"
            ids = ",".join(result.requirements)
            self.note(f"{of} {result.verdict.value:7} {ids} {' '.join(result.name.split())} ({result.seconds:.1f} s)")

    def report(self, report: Report) -> None:
        """One more subject, of several."""
        self._progress.update(self._task, advance=1, description="subjects")
        self.note(f"{report.subject['name']}: {report.totals_shown()}")

    def note(self, sentence: str) -> None:
        """Something that is to be known while it lasts."""
        if not self._quiet:
            with suppress(OSError):
                if self._live:
                    self._console.print(sentence, markup=False, highlight=False, soft_wrap=True)
                else:  # rich would end the process if nobody reads it
                    click.echo(sentence, self._console.file)

    def warn(self, sentence: str) -> None:
        """Something that must be known."""
        with suppress(OSError):
            click.echo(sentence, err=True)

    def _table(self) -> Group:
        """Results by group of requirements, and the last failures."""
        table = Table(show_edge=False, pad_edge=False)
        for heading in ("", *(verdict.value for verdict in Verdict)):
            table.add_column(heading, justify="right" if heading else "left")
        counts = Counter((group_of(result), result.verdict) for result in self._results)
        for group in dict.fromkeys(group_of(result) for result in self._results):
            cells = [(verdict, counts[group, verdict]) for verdict in Verdict]
            table.add_row(group, *(f"[{STYLE[verdict]}]{count}[/]" if count else "" for verdict, count in cells))
        failures = Table.grid(padding=(0, 1))
        for result in [result for result in self._results if result.verdict in BAD][-LAST_FAILURES:]:
            verdict = f"[{STYLE[result.verdict]}]{result.verdict.value}[/]"
            failures.add_row(verdict, ",".join(result.requirements), escape(result.name))
        return Group(table, failures, self._progress)

    def __enter__(self) -> Display:
        if self._live:
            self._screen.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            with suppress(OSError):
                self._screen.stop()


def group_of(result: ScenarioResult) -> str:
    """The group of requirements that a scenario belongs to, such as OUT."""
    return result.requirements[0].partition("-")[0] if result.requirements else ""
