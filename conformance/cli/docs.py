"""`relay-harness docs`: update the generated lists in README.md and docs/."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.docs.lists import stale, updated


@click.command("docs")
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if a list is out of date.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path())
@click.pass_context
def docs_command(context: click.Context, /, check: bool, folder: Path) -> None:
    """Update the generated lists in the documents. These are README.md and docs/ in FOLDER (default: this one)."""
    outdated = stale(folder)
    for path in outdated:
        if check:
            click.echo(f"{path} is out of date: run make docs")
        else:
            path.write_text(updated(path.read_text("utf-8")), "utf-8")
            click.echo(f"{path} updated")
    context.exit(1 if check and outdated else 0)
