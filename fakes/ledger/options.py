"""The options of commands that start fakes: what the ledger keeps of the exchanges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from fakes.ledger.keeping import MEMORY_BYTES, MIB, Keeping

USUAL = Keeping()
IN_CONTAINER = Keeping(memory=2000, spool_mib=256, body=65_536)
"""For weeks in a container that others share; Dockerfile has it, too."""
NAMES = {"ledger_memory": "memory", "ledger_older": "older", "ledger_spool": "spool_mib", "ledger_body": "body"}


def ledger_options(command: click.decorators.FC) -> click.decorators.FC:
    """Add the options to a command. `keeping` reads them."""
    small = IN_CONTAINER
    options = (
        click.option("--ledger-memory", type=click.IntRange(min=0), default=USUAL.memory, metavar="N",
                     help=f"So many of the newest exchanges stay in memory, with at most {MEMORY_BYTES // MIB} MiB of "
                     f"bodies. Default: {USUAL.memory}, for CI; the container has {small.memory}."),
        click.option("--ledger-older", type=click.Choice(["spool", "drop"]), default=USUAL.older, show_default=True,
                     help="Whether older exchanges go to a temporary file, which TMPDIR places, or are dropped."),
        click.option("--ledger-spool", type=click.IntRange(min=1), default=USUAL.spool_mib, metavar="MIB",
                     help="The most MiB of that file; then its oldest exchanges are dropped. "
                     f"Default: {USUAL.spool_mib}; the container has {small.spool_mib}."),
        click.option("--ledger-body", type=click.IntRange(min=0), default=USUAL.body, metavar="BYTES",
                     help="A longer body is kept by its first bytes, its length and its SHA-256. "
                     f"Default: {USUAL.body}, as long as any body may be; the container has {small.body}."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def keeping(options: dict[str, Any]) -> Keeping:
    """The bounds that these options of a command set; they are taken out of `options`."""
    return Keeping(**{field: options.pop(name) for name, field in NAMES.items()})


def arguments(kept: Keeping) -> Iterator[str]:
    """The options as arguments of `python -m fakes`, as far as they are not the default."""
    for name, field in NAMES.items():
        value = getattr(kept, field)
        if value != getattr(USUAL, field):
            yield from (f"--{name.replace('_', '-')}", str(value))
