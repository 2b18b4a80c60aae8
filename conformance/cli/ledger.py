"""`relay-harness ledger`: the exchanges of running fakes, a line each, and new ones as they come."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import click

from conformance.cli.options.running_fakes import RunningFakes, with_fakes
from conformance.testing.exchange_lines import exchange_line
from fakes.faults.fault import SERVICES

LOOK_EVERY = 0.3
"""Seconds between two looks at the ledger."""
AT_A_TIME = 500
"""Most exchanges of one answer."""


@click.command("ledger")
@click.option("--follow", is_flag=True, help="Go on with new exchanges until Ctrl-C.")
@click.option("--service", type=click.Choice(SERVICES), help="Only the exchanges of this service. Default: of both.")
@click.option("--after", type=click.IntRange(min=0), default=0, show_default=True, metavar="SEQ",
              help="Only the exchanges numbered above this.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document; with --follow one for each exchange.")
@with_fakes
def ledger_command(fakes: RunningFakes, follow: bool, service: str | None, after: int, as_json: bool) -> None:
    """Show all requests to the fakes and their replies, secrets hidden."""
    if as_json and not follow:
        found, last = read_all(fakes, after, service)
        click.echo(json.dumps({"exchanges": found, "last": last}, ensure_ascii=False))
        return
    try:
        for exchange in exchanges(fakes, after, service, follow=follow):
            click.echo(json.dumps(exchange, ensure_ascii=False) if as_json else exchange_line(exchange))
    except KeyboardInterrupt:
        if not follow:
            raise  # with --follow, the normal way to stop


def exchanges(fakes: RunningFakes, after: int, service: str | None, *, follow: bool) -> Iterator[dict[str, Any]]:
    """The exchanges above `after`, and with `follow` those to come. Fakes that were started again begin again."""
    pause = threading.Event()
    while True:
        before = after
        for found, number in pieces(fakes, after, service):
            after = number
            yield from found
        if not follow:
            return
        after = after if after >= before else 0
        pause.wait(LOOK_EVERY)


def read_all(fakes: RunningFakes, after: int, service: str | None) -> tuple[list[dict[str, Any]], int]:
    """All exchanges above `after`, and the number to go on from."""
    every: list[dict[str, Any]] = []
    for found, number in pieces(fakes, after, service):
        after = number
        every += found
    return every, after


def pieces(fakes: RunningFakes, after: int, service: str | None) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """All exchanges above `after` that are kept, some at a time, each time with the number to go on from."""
    chosen = {} if service is None else {"service": service}
    more = True
    while more:
        answer = fakes.get("/ledger", after=after, limit=AT_A_TIME, dropped="skip", **chosen)
        if answer["dropped"]:
            click.echo(f"({answer['dropped']} earlier exchanges are not kept any more)", err=True)
        after, more = int(answer["last"]), answer["more"]
        yield answer["exchanges"], after
