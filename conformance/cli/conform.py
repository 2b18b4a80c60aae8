"""`relay-harness conform`: judge a subject by the requirements."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from conformance.cli.options.subject import SubjectOptions
from conformance.cli.options.types import Finite, check_bind, check_command, check_folder, check_url
from conformance.live.cht import LiveChtWorlds
from conformance.reports.files import Reports
from conformance.reports.report import Report, ScenarioResult
from conformance.reports.run_info import RunInfo, without_secrets
from conformance.reports.side_by_side import SideBySide
from conformance.reports.terminal import WIDEST, show_report
from conformance.requirements.catalogue import EmptySelection, Level, Requirement, UnknownRequirement, load, select
from conformance.running.side_by_side import side_by_side
from conformance.running.worlds import Worlds
from conformance.subjects.built_in import built_in
from conformance.verdicts import HarnessBroken, Verdict
from fakes.clock import SystemClock

PROFILES = ("6.4", "7.4", "8.0", "9.0", "9.3", "10", "26", "next")
HELP = """Judge a relay by the requirements. Default: the reference relay.

With --subject, built-in subjects are judged, among them CHT Core's own RapidPro gateway as simulated by the fake CHT.
Several subjects are judged at the same time and shown side by side.

With --cht-url, a live CHT Core is the relay, and the fake RapidPro is its only neighbour. The harness then writes to
that CHT: the settings `sms` and `forms`, the credentials rapidpro:incoming and rapidpro:outgoing, and documents of
people with phone numbers from +250788200001 on. At the end the documents are deleted and the settings are as before.
The credentials stay, because CHT does not reveal the old ones. A CHT that has texts to send is refused. The password
comes from CHT_PASSWORD.
"""


@click.command("conform", help=HELP)
@click.option("--http", is_flag=True, help="Use real processes, real sockets and real time.")
@click.option("--subject-url", "url", callback=check_url, help="Judge the relay at this address.")
@click.option("--subject-command", "command", callback=check_command,
              help="Start that relay with this command, so that it can also be killed.")  # fmt: skip
@click.option("--subject", metavar="NAME[,NAME]", help=f"Judge built-in subjects: {', '.join(built_in())}.")
@click.option(
    "--cht-url",
    callback=check_url,
    help="Judge the live CHT Core at this address; see above for what is written to it.",
)
@click.option("--cht-user", help="An administrator of that CHT.")
@click.option("--allow-remote", is_flag=True, help="Allow a CHT on another machine.")
@click.option(
    "--bind", metavar="ADDRESS", callback=check_bind,
    help="The address of this machine at which that CHT reaches the fake RapidPro, if it runs in a container.",
)  # fmt: skip
@click.option(
    "--poll-seconds",
    type=Finite(min=0.05),
    help="RELAY_POLL_SECONDS for --subject-command (default 1), or seconds between passes of --cht-url (default 60).",
)
@click.option("--only", metavar="ID[,ID]", help="Judge only these requirements.")
@click.option(
    "--level", type=click.Choice([level.value for level in Level]), help="Judge only this level and stricter ones."
)
@click.option(
    "--scenario", metavar="NAME", multiple=True, help="Judge only scenarios of exactly this name. Repeatable."
)
@click.option("--profile", type=click.Choice(PROFILES), default="26", show_default=True, help="RapidPro's version.")
@click.option("--seed", type=int, default=1, show_default=True, help="The seed for everything random in process.")
@click.option(
    "--report-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the reports here: see docs/reports.md.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 also if a scenario is unknown, as if it had failed.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON document.")
@click.option("--quiet", is_flag=True, help="Print the totals alone.")
@click.option("--verbose", is_flag=True, help="Print and report every exchange in full, of passed scenarios too.")
@click.pass_context
def conform_command(
    context: click.Context,
    /,
    only: str | None,
    level: str | None,
    scenario: tuple[str, ...],
    report_dir: Path | None,
    strict: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **subject_options: Any,
) -> None:
    if quiet and verbose:
        raise click.UsageError("--quiet and --verbose exclude each other: use one of them")
    options = SubjectOptions(**subject_options)
    options.check()
    ids = [word.strip() for word in (only or "").split(",") if word.strip()]
    if only is not None and not ids:
        raise click.UsageError("--only is empty: give ids such as IN-1,OUT-2 (see relay-harness list)")
    try:
        requirements = select(load(), ids, Level(level) if level else None)
    except (UnknownRequirement, EmptySelection) as problem:
        raise click.UsageError(str(problem)) from None
    if scenario:
        requirements = judging(scenario, requirements)
    if report_dir is not None:
        check_folder(report_dir)
    created = SystemClock().now().isoformat(timespec="seconds")
    try:
        reports = judge_all(options, requirements, scenario, verbose=verbose)
    except HarnessBroken as problem:
        click.echo(f"nothing can be judged: {problem}", err=True)
        context.exit(2)
    result = reports[0] if len(reports) == 1 else SideBySide(reports)
    for report in reports:
        report.subject = without_secrets(report.subject)
        report.run = run_info(options, report.name, created, {"only": ids, "level": level, "scenario": scenario})
    if report_dir is not None:
        from conformance.running.runner import features_folder

        Reports(reports, features_folder()).write(report_dir)
    if as_json:
        click.echo(json.dumps(result.as_json(), ensure_ascii=False))
    else:
        show(result, quiet=quiet, verbose=verbose)
    context.exit(result.exit_status(strict=strict))


def show(result: Report | SideBySide, *, quiet: bool, verbose: bool) -> None:
    """Print the result in the width of the terminal; without one in that of COLUMNS, or in 140 columns."""
    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    console = Console(width=None if known else WIDEST)
    if isinstance(result, SideBySide):
        result.show(console, quiet=quiet)
    else:
        show_report(result, console, quiet=quiet, verbose=verbose)


def judging(names: tuple[str, ...], requirements: tuple[Requirement, ...]) -> tuple[Requirement, ...]:
    """The requirements that the scenarios with these names judge. click.UsageError if there is no such scenario."""
    from conformance.running.runner import UnknownScenario, judged_by

    try:
        return judged_by(names, requirements)
    except UnknownScenario as problem:
        raise click.UsageError(str(problem)) from None


def run_info(options: SubjectOptions, name: str, created: str, selection: Mapping[str, Any]) -> RunInfo:
    """What the report of the subject called `name` says about its run; `selection`: --only, --level, --scenario."""
    words = [
        *(["--only", ",".join(selection["only"])] if selection["only"] else []),
        *(["--level", selection["level"]] if selection["level"] else []),
        *(word for one in selection["scenario"] for word in ("--scenario", one)),
    ]
    command = " ".join(["relay-harness conform", *map(shlex.quote, words), options.arguments(name)])
    return RunInfo.of(created, command, options.seed, {**asdict(options), **selection})


def judge_all(
    options: SubjectOptions,
    requirements: tuple[Requirement, ...],
    scenarios: tuple[str, ...] = (),
    *,
    verbose: bool = False,
) -> list[Report]:
    """Judge all subjects of the options: one here, several side by side. HarnessBroken if one cannot be judged."""
    worlds = options.worlds_by_subject()
    with Display() as display:
        if len(worlds) == 1:
            return [run(worlds[0], options, requirements, display, scenarios, verbose=verbose)]
        display.selected(len(worlds))
        jobs = [SubjectJob(one, requirements, scenarios, verbose) for one in options.one_by_one()]
        return side_by_side(SubjectJob.judge, jobs, display.report)


@dataclass(frozen=True, slots=True)
class SubjectJob:
    """One built-in subject to judge, as it is sent to another process."""

    options: SubjectOptions
    requirements: tuple[Requirement, ...]
    scenarios: tuple[str, ...] = ()
    verbose: bool = False

    def judge(self) -> Report:
        """Judge it, without a progress bar."""
        (worlds,) = self.options.worlds_by_subject()
        return run(worlds, self.options, self.requirements, scenarios=self.scenarios, verbose=self.verbose)


def run(
    worlds: Worlds,
    options: SubjectOptions,
    requirements: tuple[Requirement, ...],
    display: Display | None = None,
    scenarios: tuple[str, ...] = (),
    *,
    verbose: bool = False,
) -> Report:
    """Judge one subject. HarnessBroken if it cannot be judged at all."""
    from conformance.running.runner import conform

    name = str(worlds.describe()["name"])

    def repeat(ids: tuple[str, ...]) -> str:
        return str(without_secrets(f"relay-harness conform --only {','.join(ids)} {options.arguments(name)}"))

    shown: dict[str, Any] = {} if display is None else {"on_result": display.result, "on_selected": display.selected}
    try:
        worlds.begin()
        report = conform(worlds, requirements, scenarios=scenarios, repeat=repeat, verbose=verbose, **shown)
    finally:
        worlds.end()
    if isinstance(worlds, LiveChtWorlds) and worlds.cleanup_failure:
        click.echo(worlds.cleanup_failure, err=True)
    return report


class Display:
    """Shows progress on a terminal; nothing when piped."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task("starting", total=None)
        self._failed = 0
        self.selected: Callable[[int], None] = lambda count: self._progress.update(self._task, total=count)

    def result(self, result: ScenarioResult) -> None:
        """Count one more scenario."""
        self._failed += result.verdict in (Verdict.FAILED, Verdict.BROKEN)
        failed = f"{self._failed} failed: " if self._failed else ""
        self._progress.update(self._task, advance=1, description=f"{failed}{result.name[:60]}")

    def report(self, report: Report) -> None:
        """Count one more subject, of several."""
        self._progress.update(self._task, advance=1, description=f"{report.subject['name']} is judged")

    def __enter__(self) -> Display:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
