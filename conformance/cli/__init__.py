"""The command `relay-harness`. Exit status: 0 all good; 1 the subject failed; 2 nothing could be judged."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
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
    "plan": "conformance.cli.plan",
    "replay": "conformance.cli.results.replay",
    "report": "conformance.cli.results.report",
    "load": "loadtests.cli",
    "fault": "conformance.cli.fault",
    "sms": "conformance.cli.sms",
    "flow": "conformance.cli.flow",
    "drift": "conformance.cli.drift",
    "ledger": "conformance.cli.ledger",
    "doctor": "conformance.cli.doctor",
    "docs": "conformance.cli.docs",
}
"""The module of each command. Only the command that is called is imported, so that `--help` is quick."""
UNWRITABLE = frozenset({errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG})
"""Nobody reads the output any more, or the disk is full."""


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
        """What ends a command from outside is no verdict: click would exit with 1, as if the subject had failed."""
        with written_or_status_2():
            try:
                return super().invoke(ctx)
            except KeyboardInterrupt:
                click.echo("relay-harness: interrupted: nothing was judged", err=True)
                ctx.exit(2)

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        """Also what is printed while the command line is read, such as the help."""
        with written_or_status_2():
            return super().make_context(*arguments, **extra)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"unknown command {args[0]!r}; available: {', '.join(COMMANDS)}")
        return super().resolve_command(ctx, args)


@contextmanager
def written_or_status_2() -> Iterator[None]:
    """Exit with 2 and a sentence if the output of the block cannot be written: otherwise a verdict would be lost."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as failure:
        if failure.errno not in UNWRITABLE:
            raise
        discard_output()
        with suppress(OSError):
            click.echo(f"relay-harness: the output cannot be written: {failure.strerror or failure}", err=True)
        sys.exit(2)


def discard_output() -> None:
    """Throw away what standard output still holds: Python would try to write it at its end, and fail again."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def replace_closed_streams() -> None:
    """Python has no stream where one was closed before the start (`2>&-`); what is written there is to vanish."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cht-rapidpro-harness")
def harness() -> None:
    """Judge a relay between CHT and RapidPro: is every text delivered exactly once, and does CHT get every state?"""


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point; ends the process."""
    replace_closed_streams()
    unwind_on_signals()
    try:
        check_own_packages()
        harness.main(args=None if arguments is None else list(arguments), prog_name="relay-harness")
    except HarnessBroken as fault:
        click.echo(f"relay-harness: nothing was judged: {fault}", err=True)
        sys.exit(2)
