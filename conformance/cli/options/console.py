"""The console for what a command prints at its end."""

from __future__ import annotations

import errno
import os
import sys

from rich.console import Console

WIDTH = 140
"""Columns where the output is no terminal, and COLUMNS says nothing."""


class OutputConsole(Console):
    """Standard output. Where rich would end the process with status 1, BrokenPipeError: that is no verdict."""

    def __init__(self) -> None:
        super().__init__(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH)

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
