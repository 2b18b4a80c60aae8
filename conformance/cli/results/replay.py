"""`relay-harness replay`: a session or a saved schedule again, or the scenarios that failed in a report."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from conformance.cli.conform import conform_command
from conformance.cli.results.sessions import replay_session
from conformance.cli.simulate import replay_schedule
from conformance.reports.fields import ForeignReport
from conformance.reports.reading import read_reports
from conformance.reports.report import Report, ScenarioResult
from conformance.reports.run_info import HIDDEN
from conformance.verdicts import Verdict
from conformance.workbench.session.session import is_session

SELECTING = ("--only", "--level", "--scenario")
HARMLESS = frozenset(
    {
        "http",
        "subject",
        "only",
        "level",
        "scenario",
        "profile",
        "seed",
        "strict",
        "jobs",
        "fail_fast",
        "time_limit",
        "quiet",
    }
)
"""Options of `conform` with which a report can do no harm: they start nothing of its own, and call nobody."""


@click.command("replay")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--scenario", metavar="NAME", multiple=True, help="Of a report: replay these scenarios. May be repeated.")
@click.option(
    "--trust", is_flag=True, help="Of a report: start the relay's command, or call the address, that it names."
)
@click.option("--subject", metavar="NAME", help="Of a session: another built-in subject than the reference relay.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def replay_command(
    context: click.Context,
    /,
    file: Path,
    scenario: tuple[str, ...],
    trust: bool,
    subject: str | None,
    as_json: bool,
) -> None:
    """Repeat what failed, or what was done by hand.

    FILE is a session of the workbench, which is played in virtual time; a schedule that `simulate` saved, which is run
    again exactly; or a report.json, whose failed scenarios are judged again with the same subject, profile and seed.
    """
    content = content_of(file)
    if is_session(content):
        if scenario or trust:
            raise click.UsageError("--scenario and --trust go with a report.json: a session has no scenarios")
        replay_session(context, file, subject, as_json)
        return
    if subject is not None:
        raise click.UsageError("--subject goes with a session of the workbench: anything else names its subject")
    if not is_report(content):
        if scenario or trust:
            raise click.UsageError("--scenario and --trust go with a report.json: a schedule has no scenarios")
        replay_schedule(context, file, as_json)
        return
    try:
        (report,) = read_reports(file)
    except ForeignReport as problem:
        raise click.UsageError(str(problem)) from None
    except ValueError:
        raise click.UsageError(f"{file} holds several reports: name the report.json of one subject") from None
    chosen = chosen_results(report, scenario)
    if not chosen:
        click.echo(f"no scenario of {file} failed: nothing is replayed", err=True)
        context.exit(2)
    arguments = conform_arguments(report, chosen, trust=trust)
    click.echo(f"{arguments.count('--scenario')} scenarios again: {report.run.command}", err=True)
    again = conform_command.make_context(
        "conform", [*arguments, *(["--json"] if as_json else [])], parent=context.parent
    )
    with again:
        conform_command.invoke(again)


def content_of(file: Path) -> Any:
    """The JSON in the file; None if it cannot be read, which is left to whoever reads schedules."""
    try:
        return json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def is_report(document: Any) -> bool:
    """Whether it looks like a report."""
    return isinstance(document, dict) and ("requirements" in document or "reports" in document)


def chosen_results(report: Report, names: Sequence[str]) -> list[ScenarioResult]:
    """The results with these names; without names, all that failed. click.UsageError for a name that none has."""
    failed = [one for one in report.results if one.verdict in (Verdict.FAILED, Verdict.BROKEN)]
    if not names:
        return failed
    unknown = [name for name in names if all(name != one.name for one in report.results)]
    if unknown:
        shown = "; ".join(one.name for one in failed) or "none"
        raise click.UsageError(f"the report has no scenario {unknown[0]!r}; failed in it: {shown}")
    return [one for one in report.results if one.name in names]


def conform_arguments(report: Report, chosen: Sequence[ScenarioResult], *, trust: bool) -> list[str]:
    """The report's own options of `conform`, with another selection. click.UsageError if they cannot be used."""
    try:
        words = shlex.split(report.run.command)
    except ValueError as problem:
        raise click.UsageError(f"the report's command cannot be read ({problem}): {report.run.command!r}") from None
    if words[:2] != ["relay-harness", "conform"]:
        raise click.UsageError(f"the report does not say how it was made: its command is {report.run.command!r}")
    if any(HIDDEN in word for word in words):
        raise click.UsageError(f"a secret is hidden in the report's command; run it yourself: {report.run.command}")
    arguments = _without_selection(words[2:])
    _check_trusted(arguments, trust=trust)
    names = dict.fromkeys(name for one in chosen for name in (one.seen_in if one.elsewhere else (one.name,)))
    judging = [one for one in report.results if one.name in names]
    ids = dict.fromkeys(id_ for one in (*chosen, *judging) for id_ in one.requirements)
    selection = ["--only", ",".join(ids)] + [word for name in names for word in ("--scenario", name)]
    return [*arguments, *selection]


def _without_selection(words: Sequence[str]) -> list[str]:
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in SELECTING:
            next(rest, None)
        elif not word.startswith(tuple(f"{option}=" for option in SELECTING)):
            kept.append(word)
    return kept


def _check_trusted(arguments: Sequence[str], *, trust: bool) -> None:
    """A report may come from anybody: what it names is started or called only if the caller says so."""
    parsed = conform_command.make_context("conform", list(arguments))
    given = {name for name in parsed.params if parsed.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    risky = given - HARMLESS
    if risky and not trust:
        raise click.UsageError(
            f"the report names what to start or to call ({shlex.join(arguments)}): if you trust it, use --trust"
        )
