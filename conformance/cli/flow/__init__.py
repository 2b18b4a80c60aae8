"""`relay-harness flow`: exported RapidPro flows judged before they are used."""

from __future__ import annotations

import importlib

import click

SUBCOMMANDS = {
    "check": "conformance.cli.flow.check",
    "outcomes": "conformance.cli.flow.outcomes",
    "test": "conformance.cli.flow.test",
    "record": "conformance.cli.flow.record",
}
"""The module of each sub-command. Only the one that is called is imported."""


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in SUBCOMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(SUBCOMMANDS[cmd_name]), f"{cmd_name}_command")
        return command


@click.group("flow", cls=_Group)
def flow_command() -> None:
    """Judge exported RapidPro flows: FILE is an export as RapidPro's website gives it."""
