"""`relay-harness doctor`: what may keep the harness from working here, and what to do about it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click

from conformance.cli.drift import TOKEN
from conformance.cli.options.subject import PASSWORD
from conformance.cli.options.types import check_url, is_loopback
from conformance.doctor import services
from conformance.doctor.finding import Finding, State
from conformance.doctor.machine import machine
from conformance.services.processes import plain_session
from fakes.clock import SystemClock


@click.command("doctor")
@click.option("--port", "ports", type=click.IntRange(1, 65535), multiple=True, metavar="N",
              help="A port that shall be free, such as that of your relay. May be repeated.")  # fmt: skip
@click.option("--rapidpro", callback=check_url, metavar="URL", help="Also look whether this RapidPro can be reached.")
@click.option("--cht", callback=check_url, metavar="URL", help="Also look whether this CHT can be reached.")
@click.option("--allow-remote", is_flag=True, help="Allow a service on another machine.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def doctor_command(
    context: click.Context,
    /,
    ports: Sequence[int],
    rapidpro: str | None,
    cht: str | None,
    allow_remote: bool,
    as_json: bool,
) -> None:
    """Look at versions, packages, ports, clock and disk, and start the fakes once.

    To a service that is named, one GET without credentials is sent. Exit status: 0 all well or only warnings, 2
    something must be mended.
    """
    for url in (rapidpro, cht):
        if url is not None and not allow_remote and not is_loopback(url):
            raise click.UsageError(f"{url} is not on this machine: to send one GET to it, use --allow-remote")
    findings = list(look(ports, rapidpro, cht))
    good = all(finding.state is not State.BAD for finding in findings)
    if as_json:
        document = {"ok": good, "findings": [asdict(finding) for finding in findings]}
        click.echo(json.dumps(document, ensure_ascii=False))
    else:
        click.echo("\n".join(line for finding in findings for line in lines_of(finding)))
    context.exit(0 if good else 2)


def look(ports: Sequence[int], rapidpro: str | None, cht: str | None) -> Iterator[Finding]:
    """All findings."""
    clock, session = SystemClock(), plain_session()
    yield from machine(clock.now(), ports)
    if rapidpro is not None:
        yield from services.rapidpro(session, rapidpro, clock.now(), token=bool(os.environ.get(TOKEN)))
    if cht is not None:
        yield from services.cht(session, cht, clock.now(), password=bool(os.environ.get(PASSWORD)))


def lines_of(finding: Finding) -> Iterator[str]:
    """A finding for people, with its remedy on a line of its own."""
    yield f"{finding.state:8} {finding.name}: {finding.sentence}"
    if finding.remedy:
        yield f"         -> {finding.remedy}"
