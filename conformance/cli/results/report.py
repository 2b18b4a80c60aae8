"""`relay-harness report`: reports of several runs as one matrix, and what changed between them."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.cli.options.console import OutputConsole
from conformance.cli.options.types import OutputPath, check_folder
from conformance.reports.fields import ForeignReport
from conformance.reports.files import write_joined
from conformance.reports.joined import Joined
from conformance.reports.reading import read_reports
from conformance.reports.visible import visible


@click.command("report")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--report-dir", type=OutputPath(folder=True), help="Write report.html and joined.json here.")
@click.option("--strict", is_flag=True, help="Exit with 1 also if a scenario is unknown, as if it had failed.")
@click.option("--json", "as_json", is_flag=True, help="Print the matrix as one JSON document.")
@click.pass_context
def report_command(
    context: click.Context, /, files: tuple[Path, ...], report_dir: Path | None, strict: bool, as_json: bool
) -> None:
    """Join the reports of several runs, of different days or relays.

    FILE is a report.json, or a joined.json of this command. Shown are all requirements by run, and what changed between
    runs of the same subject. The exit status is that of the newest run of each subject.
    """
    try:
        joined = Joined([report for file in files for report in read_reports(file)])
    except ForeignReport as problem:
        raise click.UsageError(str(problem)) from None
    if report_dir is not None:
        check_folder(report_dir)
        write_joined(joined, report_dir)
    if as_json:
        click.echo(json.dumps(joined.as_json(), ensure_ascii=True))
    else:
        show(joined, OutputConsole())
    context.exit(joined.exit_status(strict=strict))


def show(joined: Joined, console: Console) -> None:
    """Print the matrix, a line for each run, and what changed."""
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("id", "level", *joined.labels):
        table.add_column(escape(visible(heading)), overflow="fold")
    table.add_column("requirement", overflow="fold")
    for one in joined.requirements:
        cells = [_cell(joined, run, one.id) for run in range(len(joined.reports))]
        table.add_row(escape(visible(one.id)), one.level, *cells, escape(visible(one.sentence)))
    console.print(table, highlight=False)
    for label, report in zip(joined.labels, joined.reports, strict=True):
        line = f"{label}: {report.totals_shown()} of {len(report.requirements)} requirements ({report.run.created})"
        console.print(visible(line), markup=False, highlight=False, soft_wrap=True)
    for change in joined.changes:
        console.print(visible(str(change)), markup=False, highlight=False, soft_wrap=True)


def _cell(joined: Joined, run: int, id_: str) -> str:
    own = joined.reports[run].requirement(id_)
    return "-" if own is None else joined.reports[run].shown(own)
