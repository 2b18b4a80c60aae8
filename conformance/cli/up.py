"""`relay-harness up`: both fakes and the reference relay on loopback, for use by hand or by other tools."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from conformance.cli.conform import PROFILES
from conformance.cli.options.types import Finite, check_bind
from conformance.services.processes import FakeProcesses
from conformance.subjects.external import ExternalRelay
from conformance.subjects.reference_process import ReferenceProcess
from conformance.verdicts import HarnessBroken
from fakes.ledger.options import keeping, ledger_options
from fakes.rapidpro.flows.bundles.files import bundle_in
from fakes.rapidpro.flows.bundles.reading import BadBundle


def _bundles(_context: click.Context, parameter: click.Parameter, files: tuple[Path, ...]) -> dict[Path, Any]:
    try:
        return {file: bundle_in(file) for file in files}
    except BadBundle as problem:
        raise click.BadParameter(str(problem), param=parameter) from None


def _globals(_context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    pairs = {key: value for key, equals, value in (text.partition("=") for text in texts) if key and equals}
    if len(pairs) < len(texts):
        raise click.BadParameter(f"expected NAME=VALUE, each name once; got {' '.join(texts)}", param=parameter)
    return pairs


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
@click.option("--flows", "bundles", type=click.Path(path_type=Path), multiple=True, callback=_bundles,
              help="A file of flows, as RapidPro exports it. May be repeated.")  # fmt: skip
@click.option("--global", "globals_", metavar="NAME=VALUE", multiple=True, callback=_globals,
              help="A global for these flows; {relay}, {cht} and the like stand for the addresses.")  # fmt: skip
@ledger_options
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
    bundles: dict[Path, Any],
    globals_: dict[str, str],
    as_json: bool,
    **bounds: Any,
) -> None:
    """Start the fakes and the reference relay. Prints addresses and tokens; stop with Ctrl-C."""
    relay = None if no_relay else ReferenceProcess(poll_seconds, port)
    fakes = None
    try:
        fakes = FakeProcesses(profile, seed, bind, keeping=keeping(bounds))
        if relay is not None:
            relay.start(fakes.neighbours)
            fakes.control.put("/rapidpro/webhook", {"url": relay.webhook_url(), "token": relay.webhook_token()})
        shown = addresses(fakes, relay)
        import_flows(fakes, bundles, _with_addresses(globals_, shown))
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


def import_flows(fakes: FakeProcesses, bundles: Mapping[Path, Any], globals_: Mapping[str, str]) -> None:
    """Import exports of flows with these globals. HarnessBroken if one is refused."""
    for file, content in bundles.items():
        if isinstance(content, dict):
            content = {**content, "globals": {**(content.get("globals") or {}), **globals_}}
        found = fakes.control.post("/rapidpro/flows", content)
        lacking = [f"the workspace has no {kind} {', '.join(one)}" for kind, one in found["missing"].items()]
        for note in [*found["not_used"], *lacking]:
            click.echo(f"flows of {file}: {note}", err=True)


def _with_addresses(globals_: Mapping[str, str], shown: Mapping[str, str]) -> dict[str, str]:
    """The globals, with {relay} and the like replaced by the addresses and tokens that are printed."""
    pattern = re.compile("{(" + "|".join(shown) + ")}")
    return {key: pattern.sub(lambda found: shown[found[1]], value) for key, value in globals_.items()}


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
