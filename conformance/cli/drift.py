"""`relay-harness drift`: a safe, read-only comparison of a live service with the recordings."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict

import click

from conformance.cli.options.subject import PASSWORD
from conformance.cli.options.types import check_url, is_loopback
from conformance.drift.cht import check_cht
from conformance.drift.comparison import DriftResult
from conformance.drift.questions import MOST_REQUESTS
from conformance.drift.rapidpro import check_rapidpro
from conformance.services.processes import plain_session
from conformance.verdicts import HarnessBroken

TOKEN = "RAPIDPRO_TOKEN"


@click.command("drift")
@click.option("--rapidpro", callback=check_url, metavar="URL", help=f"Check this RapidPro; token in {TOKEN}.")
@click.option("--cht", callback=check_url, metavar="URL", help=f"Check this CHT; password in {PASSWORD}.")
@click.option("--cht-user", help="A user of that CHT who may use its gateway API.")
@click.option("--allow-remote", is_flag=True, help="Allow a service on another machine.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def drift_command(
    context: click.Context,
    /,
    rapidpro: str | None,
    cht: str | None,
    cht_user: str | None,
    allow_remote: bool,
    as_json: bool,
) -> None:
    """Check whether a live service answers as recorded.

    The service is a RapidPro or a CHT. Sends at most 12 requests, GET only, and stops when it is throttled. Nothing is
    written, and nothing that people wrote is shown. Exit status: 0 no difference, 1 a difference, 2 not checked.
    """
    url = _the_one(rapidpro, cht, cht_user)
    if not allow_remote and not is_loopback(url):
        raise click.UsageError(
            f"{url} is not on this machine: if you may send requests to it, use --allow-remote. "
            f"At most {MOST_REQUESTS} are sent, GET only"
        )
    session = plain_session()
    try:
        if rapidpro is not None:
            found = check_rapidpro(session, url, _secret(TOKEN))
        else:
            found = check_cht(session, url, str(cht_user), _secret(PASSWORD))
    except HarnessBroken as problem:
        click.echo(f"could not be checked: {problem}", err=True)
        context.exit(2)
    click.echo(json.dumps(asdict(found), ensure_ascii=False) if as_json else "\n".join(as_text(found)))
    context.exit(1 if found.differences else 0)


def as_text(result: DriftResult) -> Iterator[str]:
    """The result for people."""
    versions = " and ".join(result.fits)
    if result.differences:
        count = f"{len(result.differences)} way{'s'[: len(result.differences) > 1]}"
        yield f"{result.url} is closest to {result.service} {versions}, and differs in {count}:"
        yield from (f"  - {difference}" for difference in result.differences)
    else:
        yield f"{result.url} answers as recorded of {result.service} {versions}"
    yield from (f"  note: {note}" for note in result.notes)
    yield f"  {result.requests} requests, GET only"


def _the_one(rapidpro: str | None, cht: str | None, cht_user: str | None) -> str:
    if (rapidpro is None) == (cht is None):
        raise click.UsageError("say what to check: --rapidpro URL or --cht URL, one of the two")
    if (cht is None) != (cht_user is None):
        raise click.UsageError("--cht and --cht-user go together: which CHT, and as which user")
    if cht_user is not None and (":" in cht_user or not cht_user):
        raise click.UsageError("--cht-user: expected a name without a colon")
    return str(rapidpro if cht is None else cht)


def _secret(variable: str) -> str:
    """A secret from the environment, never from the command line, where others could read it."""
    value = os.environ.get(variable, "")
    if not value:
        raise click.UsageError(f"the environment variable {variable} is not set: it must hold the token or password")
    if variable == TOKEN and (not value.isascii() or not value.isprintable()):
        raise click.UsageError(f"the environment variable {variable} holds no token: expected plain letters and digits")
    return value
