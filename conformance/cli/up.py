"""`relay-harness up`: the workbench: both fakes, a relay and their page on loopback, for people and for other tools."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from conformance.cli.conform import PROFILES
from conformance.cli.options.subject import check_started
from conformance.cli.options.types import Finite, check_bind, check_command, check_url, is_loopback
from conformance.services.control_client import ControlClient, InProcessControlClient
from conformance.subjects.external import ExternalRelay
from conformance.subjects.reference_process import ReferenceProcess
from conformance.verdicts import HarnessBroken
from conformance.workbench.settings import BenchSettings
from conformance.workbench.start import Workbench
from fakes.clock import SystemClock, parse_moment
from fakes.control.page import page_blueprint
from fakes.ledger.options import keeping, ledger_options
from fakes.rapidpro.flows.bundles.files import bundle_in
from fakes.rapidpro.flows.bundles.reading import BadBundle

POLL_SECONDS = 2.0


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


def _moment(_context: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_moment(text)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param=parameter) from None


@click.command("up")
@click.option("--profile", type=click.Choice(PROFILES), default="26", show_default=True, help="RapidPro's version.")
@click.option(
    "--poll-seconds", type=Finite(min=0.05), default=POLL_SECONDS, show_default=True,
    help="Seconds between polls of the relay.",
)  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The relay's port. Default: a free one.")
@click.option("--control-port", type=click.IntRange(0, 65535), default=0,
              help="The port of the page and the control API. Default: a free one.")  # fmt: skip
@click.option("--bind", metavar="ADDRESS", callback=check_bind,
              help="The address of the fakes, for containers. Default: loopback.")  # fmt: skip
@click.option("--clock", type=click.Choice(["virtual", "system"]),
              help="virtual: time can be stopped and stepped. Default: virtual with the reference relay.")  # fmt: skip
@click.option("--now", metavar="TIME", callback=_moment, help="ISO time at which virtual time begins. Default: now.")
@click.option("--no-relay", is_flag=True, help="Start only the fakes: bring your own relay.")
@click.option("--subject-url", metavar="URL", callback=check_url, help="Your own relay, at this address.")
@click.option("--subject-command", metavar="COMMAND", callback=check_command,
              help="Start your own relay with this command.")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="The seed for everything random.")
@click.option("--flows", "bundles", type=click.Path(path_type=Path), multiple=True, callback=_bundles,
              help="A file of flows, as RapidPro exports it. May be repeated.")  # fmt: skip
@click.option("--global", "globals_", metavar="NAME=VALUE", multiple=True, callback=_globals,
              help="A global for these flows; {relay}, {cht} and the like stand for the addresses.")  # fmt: skip
@ledger_options
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@click.option("--json", "as_json", is_flag=True, help="Print the addresses as one JSON document.")
@click.pass_context
def up_command(
    context: click.Context,
    /,
    bundles: dict[Path, Any],
    globals_: dict[str, str],
    open_page: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Start the workbench: both fakes, the reference relay, and a page to test by hand. Stop with Ctrl-C.

    Prints the page's address first, then all others, and tokens.
    """
    kept = keeping(options)
    settings = replace(bench_settings(**options), keeping=kept)
    bench = None
    try:
        bench = Workbench(settings, [page_blueprint()])
        shown = addresses(bench)
        control = InProcessControlClient(bench.control, bench.bench.fakes.ledger)
        import_flows(control, bundles, _with_addresses(globals_, shown))
        bench.run()
        click.echo(json.dumps(shown) if as_json else as_text(shown))
        if open_page:
            _open(shown)
        threading.Event().wait()
    except KeyboardInterrupt:
        pass  # the normal way to stop
    except HarnessBroken as problem:
        click.echo(str(problem), err=True)
        context.exit(2)
    finally:
        if bench is not None:
            bench.close()


def bench_settings(
    *, profile: str, seed: int, poll_seconds: float, port: int, control_port: int, bind: str | None, clock: str | None,
    now: datetime | None, no_relay: bool, subject_url: str | None, subject_command: str | None,
) -> BenchSettings:  # fmt: skip
    """The settings of the workbench. click.UsageError for options that do not go together."""
    check_started(subject_url, subject_command)
    if subject_url is not None and not is_loopback(subject_url):
        raise click.UsageError(f"{subject_url} is not on this machine: the workbench sends it texts")
    if no_relay and subject_url is not None:
        raise click.UsageError("--no-relay and --subject-url both say what the relay is: use one of them")
    own = no_relay or subject_url is not None
    if own and port:
        raise click.UsageError("--port is that of the reference relay: it goes with no other")
    if own and clock == "virtual":
        raise click.UsageError("--clock virtual goes with the reference relay: any other relay has a clock of its own")
    virtual = not own and clock != "system"
    if now is not None and not virtual:
        raise click.UsageError("--now sets a virtual clock: it goes with --clock virtual")

    def make_relay() -> ExternalRelay:
        if subject_url is None:
            return ReferenceProcess(poll_seconds, port)
        return ExternalRelay(subject_url, subject_command, poll_seconds=poll_seconds)

    return BenchSettings(
        profile=profile,
        seed=seed,
        poll_seconds=poll_seconds,
        virtual=virtual,
        now=now or SystemClock().now().replace(microsecond=0),
        bind=bind,
        port=port,
        control_port=control_port,
        make_relay=None if no_relay or virtual else make_relay,
    )


def _open(shown: Mapping[str, str]) -> None:
    url = shown["page"]
    if click.launch(url) != 0:
        click.echo(f"no browser could be started: open {url} yourself", err=True)


def import_flows(control: ControlClient, bundles: Mapping[Path, Any], globals_: Mapping[str, str]) -> None:
    """Import exports of flows with these globals. HarnessBroken if one is refused."""
    for file, content in bundles.items():
        if isinstance(content, dict):
            content = {**content, "globals": {**(content.get("globals") or {}), **globals_}}
        found = control.post("/rapidpro/flows", content)
        lacking = [f"the workspace has no {kind} {', '.join(one)}" for kind, one in found["missing"].items()]
        for note in [*found["not_used"], *lacking]:
            click.echo(f"flows of {file}: {note}", err=True)


def _with_addresses(globals_: Mapping[str, str], shown: Mapping[str, str]) -> dict[str, str]:
    """The globals, with {relay} and the like replaced by the addresses and tokens that are printed."""
    pattern = re.compile("{(" + "|".join(shown) + ")}")
    return {key: pattern.sub(lambda found: shown[found[1]], value) for key, value in globals_.items()}


def addresses(bench: Workbench) -> dict[str, str]:
    """Everything a user needs to reach the parts. The built-in tokens and passwords of the fakes are not secret."""
    neighbours, control = bench.bench.world.services.neighbours, bench.addresses["control"]
    return {
        "page": f"{control}/page",
        "rapidpro": neighbours.rapidpro_url,
        "rapidpro_token": neighbours.rapidpro_token,
        "cht": neighbours.cht_url,
        "cht_user": neighbours.cht_user,
        "cht_password": neighbours.cht_password,
        "cht_admin": ":".join(bench.bench.world.services.cht_admin),
        "control": control,
        "relay": bench.relay,
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
