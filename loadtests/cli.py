"""`relay-harness load SHAPE`: a Locust load shape plus the ledger's verdict."""

from __future__ import annotations

import json

import click
from rich.console import Console

from conformance.cli.conform import PROFILES
from conformance.cli.options.subject import check_started, reference_process
from conformance.cli.options.types import Finite, check_command, check_url
from conformance.subjects.external import ExternalRelay
from conformance.verdicts import HarnessBroken, exit_status
from loadtests.run import LoadResult, run
from loadtests.shapes import UnknownShape, shape


@click.command("load")
@click.argument("name", metavar="SHAPE")
@click.option("--texts", type=click.IntRange(min=0), help="Number of texts each way, instead of the shape's own.")
@click.option("--seconds", type=Finite(min=0.1), help="Spread the texts over this many seconds.")
@click.option("--subject-url", "url", callback=check_url, help="Test the relay at this address.")
@click.option("--subject-command", "command", callback=check_command, help="Start that relay with this command.")
@click.option("--profile", type=click.Choice(PROFILES), default="26", show_default=True, help="RapidPro's version.")
@click.option("--p95-ms", type=Finite(min=0), help="Fail if the 95th percentile of the request times exceeds this.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of all randomness of the run.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def load_command(
    context: click.Context,
    /,
    name: str,
    texts: int | None,
    seconds: float | None,
    url: str | None,
    command: str | None,
    profile: str,
    p95_ms: float | None,
    seed: int,
    as_json: bool,
) -> None:
    """Run the traffic of a day against a relay (by default the reference relay) and judge the result."""
    check_started(url, command)
    try:
        load_shape = shape(name).scaled(texts, seconds)
    except UnknownShape as problem:
        raise click.UsageError(str(problem)) from None
    subject = ExternalRelay(url, command) if url is not None else reference_process()
    console = Console(stderr=True)
    quiet = not console.is_terminal
    try:
        result = run(
            load_shape,
            subject,
            profile=profile,
            seed=seed,
            p95_limit_ms=p95_ms,
            progress=lambda line: None if quiet else console.print(line),
        )
    except HarnessBroken as problem:
        click.echo(f"nothing could be judged: {problem}", err=True)
        context.exit(2)
    click.echo(json.dumps(result.as_json()) if as_json else summary(result))
    context.exit(exit_status([result.verdict]))


def summary(result: LoadResult) -> str:
    """The result as text."""
    figures = result.figures
    lines = [
        f"{figures.shape}: {result.verdict}",
        f"  {figures.texts_in} texts in, {figures.texts_out} texts out, {figures.lost} lost, "
        f"{figures.duplicated} duplicated, in {figures.seconds:.1f} s",
        f"  {figures.texts_per_second:.0f} texts a second, {figures.calls_per_text:.2f} calls to RapidPro a text",
        f"  requests: {figures.requests}, failed {figures.failures}; p50 {figures.p50_ms:.0f} ms, "
        f"p95 {figures.p95_ms:.0f} ms, p99 {figures.p99_ms:.0f} ms",
        f"  from pending to phone: p50 {figures.to_phone_p50_s:.1f} s, p95 {figures.to_phone_p95_s:.1f} s",
        *(f"  {reason}" for reason in result.reasons),
    ]
    return "\n".join(lines)
