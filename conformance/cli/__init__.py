"""The command `relay-harness`. Exit status: 0 all good; 1 the subject failed; 2 nothing could be judged."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

from conformance.interruptions import unwind_on_signals
from conformance.shadowing import check_own_packages
from conformance.verdicts import HarnessBroken

COMMANDS = {
    "conform": "conformance.cli.conform",
    "list": "conformance.cli.requirements",
    "show": "conformance.cli.requirements",
    "up": "conformance.cli.up",
    "crashes": "conformance.cli.crashes",
    "simulate": "conformance.cli.simulate",
    "replay": "conformance.cli.simulate",
    "load": "loadtests.cli",
    "fault": "conformance.cli.fault",
    "sms": "conformance.cli.sms",
    "drift": "conformance.cli.drift",
    "ledger": "conformance.cli.ledger",
    "doctor": "conformance.cli.doctor",
    "docs": "conformance.cli.docs",
}
"""The module of each command. Only the command that is called is imported, so that `--help` is quick."""


class LazyGroup(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(importlib.import_module(module), f"{cmd_name.replace('-', '_')}_command")
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """An interruption is no verdict: click would exit with 1, which means that the subject failed."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("relay-harness: interrupted: nothing was judged", err=True)
            ctx.exit(2)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"unknown command {args[0]!r}; available: {', '.join(COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cht-rapidpro-harness")
def harness() -> None:
    """Judge a relay between CHT and RapidPro: is every text delivered exactly once, and does CHT get every state?"""


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point; ends the process."""
    unwind_on_signals()
    try:
        check_own_packages()
        harness.main(args=None if arguments is None else list(arguments), prog_name="relay-harness")
    except HarnessBroken as fault:
        click.echo(f"relay-harness: nothing was judged: {fault}", err=True)
        sys.exit(2)
