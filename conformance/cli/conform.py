"""`relay-harness conform`: judge a subject by the requirements."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from conformance.report import Report, ScenarioResult
from conformance.requirements import EmptySelection, Level, Requirement, UnknownRequirement, load, select
from conformance.stage import HttpStage, InProcessStage, Stage
from conformance.subjects.external import ExternalRelay, free_port
from conformance.verdicts import Verdict

PROFILES = ("6.4", "7.4", "8.0", "9.0", "9.3", "10", "26", "next")
REFERENCE_COMMAND = f"{shlex.quote(sys.executable)} -m relay"
REFERENCE_POLL = 0.2


@dataclass(frozen=True, slots=True)
class Choice:
    """What the caller asked for: which subject, how, with what."""

    http: bool
    url: str | None
    command: str | None
    profile: str
    seed: int
    poll_seconds: float | None

    def stage(self) -> Stage:
        """The stage for this choice."""
        if self.url is not None:
            return HttpStage(self.profile, self.seed, self._external)
        if self.http:
            return HttpStage(self.profile, self.seed, reference_process)
        return InProcessStage(self.profile, self.seed)

    def _external(self) -> ExternalRelay:
        return ExternalRelay(str(self.url), self.command, poll_seconds=self.poll_seconds or 1)

    def arguments(self) -> str:
        """The same choice on a command line, to repeat it."""
        words = ["--profile", self.profile, "--seed", str(self.seed)]
        if self.http:
            words.append("--http")
        if self.url is not None:
            words += ["--subject-url", self.url]
        if self.command is not None:
            words += ["--subject-command", self.command]
        if self.poll_seconds is not None:
            words += ["--poll-seconds", f"{self.poll_seconds:g}"]
        return shlex.join(words)


def reference_process() -> ExternalRelay:
    """The reference relay as a process of its own."""
    url = f"http://127.0.0.1:{free_port()}"
    return ExternalRelay(url, REFERENCE_COMMAND, name="reference", poll_seconds=REFERENCE_POLL)


def check_url(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse what is no http URL with host and port."""
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.BadParameter(f"expected an address such as http://127.0.0.1:7070, got {value!r}")
    return value


@click.command("conform")
@click.option("--http", is_flag=True, help="Real processes over real sockets, in real time.")
@click.option("--subject-url", "url", callback=check_url, help="Judge the relay at this address.")
@click.option("--subject-command", "command", help="Start that relay with this command; it can then be killed, too.")
@click.option(
    "--poll-seconds", type=click.FloatRange(min=0.05), help="RELAY_POLL_SECONDS of a started relay. Default 1."
)
@click.option("--only", metavar="ID[,ID]", help="Only these requirements.")
@click.option("--level", type=click.Choice([level.value for level in Level]), help="This level and stricter ones.")
@click.option("--profile", type=click.Choice(PROFILES), default="26", show_default=True, help="RapidPro's version.")
@click.option("--seed", type=int, default=1, show_default=True, help="All chance of a run in process comes from this.")
@click.option("--report-dir", type=click.Path(file_okay=False, path_type=Path), help="Write report.json here.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON document.")
@click.pass_context
def conform_command(
    context: click.Context,
    /,
    only: str | None,
    level: str | None,
    report_dir: Path | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Judge a relay by the requirements: the reference relay, or any other by its address."""
    choice = Choice(**chosen)
    if choice.command is not None and choice.url is None:
        raise click.UsageError("--subject-command needs --subject-url: where the relay will listen")
    if choice.http and choice.url is not None:
        raise click.UsageError("--http is for the reference relay; --subject-url is over sockets anyway")
    wanted = [word.strip() for word in (only or "").split(",") if word.strip()]
    if only is not None and not wanted:
        raise click.UsageError("--only names no requirement: give ids such as IN-1,OUT-2 (see relay-harness list)")
    try:
        requirements = select(load(), wanted, Level(level) if level else None)
    except (UnknownRequirement, EmptySelection) as problem:
        raise click.UsageError(str(problem)) from None
    report = run(choice, requirements)
    if report_dir is not None:
        report.write(report_dir)
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        report.show(Console(width=None if sys.stdout.isatty() else 140))
    context.exit(report.exit_status())


def run(choice: Choice, requirements: tuple[Requirement, ...]) -> Report:
    """Judge, with a progress bar on a terminal."""
    from conformance.running import conform

    def repeat(ids: tuple[str, ...]) -> str:
        return f"relay-harness conform --only {','.join(ids)} {choice.arguments()}"

    with Shown() as shown:
        return conform(choice.stage(), requirements, repeat=repeat, on_result=shown.result, on_selected=shown.selected)


class Shown:
    """Progress on a terminal; nothing when piped."""

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
        """One more scenario has ended."""
        self._failed += result.verdict in (Verdict.FAILED, Verdict.BROKEN)
        failed = f"{self._failed} failed: " if self._failed else ""
        self._progress.update(self._task, advance=1, description=f"{failed}{result.name[:60]}")

    def __enter__(self) -> Shown:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
