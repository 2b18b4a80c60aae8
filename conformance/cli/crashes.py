"""`relay-harness crashes`: kill the relay many times under traffic."""

from __future__ import annotations

import json

import click
from rich.console import Console
from rich.progress import Progress

from conformance.cli.options.subject import check_started, reference_process
from conformance.cli.options.types import check_command, check_url
from conformance.running.crashes import CrashRunResult, kill_repeatedly
from conformance.subjects.external import ExternalRelay
from conformance.verdicts import HarnessBroken


@click.command("crashes")
@click.option("--kills", type=click.IntRange(min=1), default=20, show_default=True, help="How often to kill the relay.")
@click.option("--seed", type=int, default=1, show_default=True, help="The seed of the traffic.")
@click.option("--subject-url", "url", callback=check_url, help="Kill the relay at this address ...")
@click.option("--subject-command", "command", callback=check_command, help="... which this command starts.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def crashes_command(
    context: click.Context, /, kills: int, seed: int, url: str | None, command: str | None, as_json: bool
) -> None:
    """Kill a relay repeatedly under traffic. Then judge it. Default: the reference relay."""
    if (url is None) != (command is None):
        raise click.UsageError("--subject-url and --subject-command go together: the relay must be restarted each time")
    check_started(url, command)
    subject = reference_process() if url is None else ExternalRelay(url, command)
    console = Console(stderr=True)
    try:
        with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
            bar = progress.add_task("killing", total=kills)
            result = kill_repeatedly(subject, kills, seed, on_kill=lambda count: progress.update(bar, completed=count))
    except HarnessBroken as problem:
        click.echo(f"nothing could be judged: {problem}", err=True)
        context.exit(2)
    click.echo(json.dumps(as_document(result)) if as_json else as_text(result))
    context.exit(1 if result.violations else 0)


def as_document(result: CrashRunResult) -> dict[str, object]:
    """The document of `crashes --json`."""
    return {
        "kills": result.kills,
        "texts_in": result.texts_in,
        "texts_out": result.texts_out,
        "lost": result.count("lost"),
        "duplicated": result.count("duplicated"),
        "violations": [str(violation) for violation in result.violations],
        "seconds": round(result.seconds, 1),
    }


def as_text(result: CrashRunResult) -> str:
    """The result for people."""
    lines = [
        f"{result.kills} kills, {result.texts_in} texts in, {result.texts_out} texts out, "
        f"{result.seconds:.0f} s: {result.count('lost')} lost, {result.count('duplicated')} duplicated",
        *(f"  {violation}" for violation in result.violations[:20]),
    ]
    return "\n".join(lines)
