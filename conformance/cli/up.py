"""`relay-harness up`: both fakes and the reference relay on loopback, for use by hand or by other tools."""

from __future__ import annotations

import json
import threading

import click

from conformance.cli.conform import PROFILES
from conformance.cli.options.types import Finite, check_bind
from conformance.services.processes import FakeProcesses
from conformance.subjects.external import ExternalRelay
from conformance.subjects.reference_process import ReferenceProcess
from conformance.verdicts import HarnessBroken


@click.command("up")
@click.option("--profile", type=click.Choice(PROFILES), default="26", show_default=True, help="RapidPro's version.")
@click.option(
    "--poll-seconds", type=Finite(min=0.05), default=2, show_default=True, help="Seconds between polls of the relay."
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The relay's port. Default: a free one.")
@click.option("--bind", metavar="ADDRESS", callback=check_bind,
              help="The address of the fakes, for containers. Default: loopback.")  # fmt: skip
@click.option("--no-relay", is_flag=True, help="Start only the fakes: bring your own relay.")
@click.option("--seed", type=int, default=1, show_default=True, help="The seed for everything random.")
@click.option("--json", "as_json", is_flag=True, help="Print the addresses as one JSON document.")
@click.pass_context
def up_command(
    context: click.Context,
    /,
    profile: str,
    poll_seconds: float,
    port: int,
    bind: str | None,
    no_relay: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Start the fakes and the reference relay. Prints addresses and tokens; stop with Ctrl-C."""
    relay = None if no_relay else ReferenceProcess(poll_seconds, port)
    fakes = None
    try:
        fakes = FakeProcesses(profile, seed, bind)
        if relay is not None:
            relay.start(fakes.neighbours)
            fakes.control.put("/rapidpro/webhook", {"url": relay.webhook_url(), "token": relay.webhook_token()})
        shown = addresses(fakes, relay)
        click.echo(json.dumps(shown) if as_json else as_text(shown))
        threading.Event().wait()
    except KeyboardInterrupt:
        pass  # the normal way to stop
    except HarnessBroken as problem:
        click.echo(str(problem), err=True)
        context.exit(2)
    finally:
        if relay is not None:
            relay.stop()
        if fakes is not None:
            fakes.close()


def addresses(fakes: FakeProcesses, relay: ExternalRelay | None) -> dict[str, str]:
    """Everything a user needs to reach the parts. The built-in tokens and passwords of the fakes are not secret."""
    neighbours = fakes.neighbours
    return {
        "rapidpro": neighbours.rapidpro_url,
        "rapidpro_token": neighbours.rapidpro_token,
        "cht": neighbours.cht_url,
        "cht_user": neighbours.cht_user,
        "cht_password": neighbours.cht_password,
        "cht_admin": ":".join(fakes.cht_admin),
        "control": fakes.control.url,
        "relay": "" if relay is None else relay.webhook_url(),
        "incoming_token": neighbours.incoming_token,
    }


def as_text(shown: dict[str, str]) -> str:
    """The addresses for people, with something to try."""
    width = max(map(len, shown))
    lines = [f"{name:{width}}  {value}" for name, value in shown.items() if value]
    return "\n".join(
        [
            *lines,
            "",
            "In another terminal:",
            f"  export HARNESS_CONTROL={shown['control']}",
            "  relay-harness sms send +250788123001 'TEMP 38.5'    # a person texts in",
            "  relay-harness fault add throttled                   # RapidPro misbehaves",
            "All requests and replies:",
            f"  curl {shown['control']}/ledger",
            "Stop with Ctrl-C.",
        ]
    )
