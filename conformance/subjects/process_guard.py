"""Ends what a killed harness leaves behind: a process of its own that outlives the harness by a moment.

A harness that ends in any other way ends its relay itself. Killed (SIGKILL, out of memory) it cannot; but then its end
of a pipe closes, and whoever reads the other end learns of it. `Guard` is the harness's side; the other side is this
file, run as a program.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterable

NOBODY = 0


class Guard:
    """Watches over one process group at a time. Its process starts with the first and ends with `close`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def watch(self, group: int) -> None:
        """Kill this process group when the harness is gone."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C on the terminal is for the harness, which may not heed it at once
            )
        self._say(group)

    def release(self) -> None:
        """The group has ended: its number may soon be somebody else's."""
        self._say(NOBODY)

    def close(self) -> None:
        """End it, without ending anybody else."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.write(b"%d\n" % NOBODY)
            with contextlib.suppress(OSError):
                process.stdin.close()
            process.wait()

    def _say(self, group: int) -> None:
        """A guard that was killed itself is no reason to stop."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write(b"%d\n" % group)
                self._process.stdin.flush()


def keep_watch(lines: Iterable[str]) -> None:
    """Read whom to watch over until there is nobody left to say it; then kill the last one named."""
    group = NOBODY
    for line in lines:
        group = int(line)
    if group != NOBODY:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    keep_watch(sys.stdin)
