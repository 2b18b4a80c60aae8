"""`relay-harness conform`: judge a subject by the requirements."""

from __future__ import annotations

import json
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click

from conformance.cli.judging.display import Display
from conformance.cli.judging.judge import MOST_JOBS, Judging, Limits
from conformance.cli.judging.selection import selected
from conformance.cli.options.config import read_config, without_overruled
from conformance.cli.options.console import OutputConsole
from conformance.cli.options.subject import SubjectOptions
from conformance.cli.options.subject_arguments import subject_arguments
from conformance.cli.options.types import Finite, OutputPath, check_folder
from conformance.interruptions import deferred_signals
from conformance.reports.files import Reports
from conformance.reports.report import Report
from conformance.reports.run_info import RunInfo, without_secrets
from conformance.reports.side_by_side import SideBySide
from conformance.reports.terminal import show_report
from conformance.requirements.catalogue import Level
from conformance.running.runner import features_folder
from conformance.verdicts import HarnessBroken, Verdict
from fakes.clock import SystemClock

PROFILES = ("6.4", "7.4", "8.0", "9.0", "9.3", "10", "26", "next")
HELP = """Judge a relay by the requirements. Default: the reference relay.

With --subject-url and --subject-command, the relay is started, killed where a scenario requires that, and restarted, in
several worlds at a time (--jobs). With --subject-url alone, a relay that runs already is judged: it must have been
started with the addresses of --cht-port and --rapidpro-port.

All options can be in the file harness.toml, or in the table [tool.relay-harness] of pyproject.toml, as in
docs/own-relay.md; the command line wins.

With --subject, built-in subjects are judged, among them CHT Core's own RapidPro gateway as simulated by the fake CHT.
Several subjects are judged at the same time and shown side by side.

With --cht-url, a live CHT Core is the relay, and the fake RapidPro is its only neighbour. The harness then writes to
that CHT: the settings `sms` and `forms`, the credentials rapidpro:incoming and rapidpro:outgoing, and documents of
people with phone numbers from +250788200001 on. At the end the documents are deleted and the settings are as before.
The credentials stay, because CHT does not reveal the old ones. A CHT that has texts to send is refused. The password
comes from CHT_PASSWORD.

Exit status: 0 all good; 1 the subject failed; 2 nothing could be judged, or the run was interrupted before anything
failed.
"""


@click.command("conform", help=HELP)
@click.option("--config", is_eager=True, callback=read_config, type=click.Path(path_type=Path), metavar="FILE",
              help="Read options from this file. Default: harness.toml or pyproject.toml, in this folder.")  # fmt: skip
@subject_arguments
@click.option("--patience-seconds", type=Finite(min=1),
              help="How long a relay has for what it must do, besides ten polls (default 20).")  # fmt: skip
@click.option("--only", multiple=True, metavar="ID[,ID]",
              help="Judge only these requirements; OUT-* for all of a group. May be repeated.")  # fmt: skip
@click.option(
    "--level", type=click.Choice([level.value for level in Level]), help="Judge only this level and stricter ones."
)
@click.option(
    "--scenario", metavar="NAME", multiple=True, help="Judge only scenarios of exactly this name. May be repeated."
)
@click.option("--profile", type=click.Choice(PROFILES), default="26", show_default=True, help="RapidPro's version.")
@click.option("--seed", type=int, default=1, show_default=True, help="The seed for everything random in process.")
@click.option("--jobs", type=click.IntRange(1, 64),
              help=f"How many worlds or built-in subjects at a time. Default: at most {MOST_JOBS}.")  # fmt: skip
@click.option("--fail-fast", is_flag=True, help="End after the first scenario that fails.")
@click.option("--time-limit", type=Finite(min=1), metavar="SECONDS", help="End after so many seconds.")
@click.option("--report-dir", type=OutputPath(folder=True), help="Write the reports here: docs/reports.md.")
@click.option("--strict", is_flag=True, help="Exit with 1 also if a scenario is unknown, as if it had failed.")
@click.option("--quiet", is_flag=True, help="Show nothing while it lasts, and the totals alone at the end.")
@click.option("--verbose", is_flag=True, help="Print and report every exchange in full, of passed scenarios too.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON document.")
@click.pass_context
def conform_command(
    context: click.Context,
    /,
    config: Path | None,
    only: tuple[str, ...],
    level: str | None,
    scenario: tuple[str, ...],
    jobs: int | None,
    fail_fast: bool,
    time_limit: float | None,
    report_dir: Path | None,
    strict: bool,
    quiet: bool,
    verbose: bool,
    as_json: bool,
    **subject_options: Any,
) -> None:
    if quiet and verbose:
        raise click.UsageError("--quiet and --verbose exclude each other: use one of them")
    options = SubjectOptions(**dict(without_overruled(context, subject_options)))
    options.check()
    requirements = selected(only, level, scenario)
    if report_dir is not None:
        check_folder(report_dir)
    created = SystemClock().now().isoformat(timespec="seconds")
    with logs(report_dir, options) as folder:
        limits = Limits(fail_fast, time_limit)
        display = Display(quiet=quiet)
        judging = Judging(
            replace(options, log_folder=folder), requirements, jobs, limits, display, config, scenario, verbose
        )
        try:
            judging.run()
        except HarnessBroken as problem:
            click.echo(f"nothing can be judged: {problem}", err=True)
            context.exit(2)
    with deferred_signals():
        reports = judging.reports
        for report in reports:
            report.subject = without_secrets(report.subject)
            selection = {"only": ",".join(only).split(",") if only else [], "level": level, "scenario": list(scenario)}
            report.run = run_info(options, config, report.name, created, selection)
        result = reports[0] if len(reports) == 1 else SideBySide(reports)
        context.exit(finish(result, report_dir, strict=strict, as_json=as_json, shown=Shown(quiet, verbose)))


@contextmanager
def logs(report_dir: Path | None, options: SubjectOptions) -> Iterator[Path | None]:
    """The folder in which the output of a started relay is kept if it failed: in the report's, or a temporary one."""
    if not options.several_worlds():
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="relay-harness-")) if report_dir is None else report_dir / "logs"
    check_folder(folder)
    try:
        yield folder
    finally:
        if not any(folder.iterdir()):
            shutil.rmtree(folder, ignore_errors=True)


def run_info(
    options: SubjectOptions, config: Path | None, name: str, created: str, selection: Mapping[str, Any]
) -> RunInfo:
    """What the report of the subject called `name` says about its run; `selection`: --only, --level, --scenario."""
    words = ["relay-harness", "conform", *(["--config", str(config)] if config else [])]
    words += ["--only", ",".join(selection["only"])] if selection["only"] else []
    words += ["--level", selection["level"]] if selection["level"] else []
    words += [word for one in selection["scenario"] for word in ("--scenario", one)]
    command = f"{shlex.join(words)} {options.arguments(name)}"
    return RunInfo.of(created, command, options.seed, {**asdict(options), **selection})


@dataclass(frozen=True, slots=True)
class Shown:
    """How much of a result is printed."""

    quiet: bool
    verbose: bool

    def show(self, result: Report | SideBySide) -> None:
        """Print it in the width of the terminal; without one in that of COLUMNS, or in 140 columns."""
        console = OutputConsole()
        if isinstance(result, SideBySide):
            result.show(console, quiet=self.quiet)
        else:
            show_report(result, console, quiet=self.quiet, verbose=self.verbose)


def finish(result: Report | SideBySide, report_dir: Path | None, *, strict: bool, as_json: bool, shown: Shown) -> int:
    """Write and print the result. The exit status: 2 if the report cannot be written, else what the result says."""
    reports = result.reports if isinstance(result, SideBySide) else [result]
    unwritten = ""
    if report_dir is not None:
        try:
            Reports(reports, features_folder()).write(report_dir)
        except HarnessBroken as failure:
            unwritten = str(failure)
    if as_json:
        click.echo(json.dumps(result.as_json(), ensure_ascii=False))
    elif not all(report.ended_early and judged_nothing(report) for report in reports):
        shown.show(result)
    for report in reports:
        if report.ended_early:
            click.echo(f"relay-harness: {report.subject['name']}: {report.ended_early}: {how_much(report)}", err=True)
    if unwritten:
        click.echo(f"relay-harness: {unwritten}", err=True)
        return 2
    return result.exit_status(strict=strict)


def how_much(report: Report) -> str:
    """How many scenarios were not judged, for people."""
    if judged_nothing(report):
        return "nothing was judged"
    ended = f"not judged: {report.ended_early}"
    missing = sum(result.reason == ended for result in report.results)
    return f"{missing} of {sum(not result.elsewhere for result in report.results)} scenarios were not judged"


def judged_nothing(report: Report) -> bool:
    """Whether no scenario came to its end."""
    return all(result.verdict is Verdict.UNKNOWN for result in report.results)
