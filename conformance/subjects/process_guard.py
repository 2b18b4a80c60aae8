"""Ends the relay that a killed harness leaves behind, from a separate process that outlives the harness by a moment.

A harness that ends in any other way ends its relay itself. If it is killed (SIGKILL, out of memory), its end of a pipe
closes, and the process at the other end notices. `Guard` is the harness's side; the other side is this file, run as a
program.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterable

NO_GROUP = 0


class Guard:
    """Watches one process group at a time. Its process starts with the first `watch` and ends with `close`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def watch(self, group: int) -> None:
        """Kill this process group if the harness disappears."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C on the terminal is for the harness, which may not react at once
            )
        self._send(group)

    def release(self) -> None:
        """Stop watching: the group has ended, and its number may be reused."""
        self._send(NO_GROUP)

    def close(self) -> None:
        """End the guard's process, without killing any group."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.write(b"%d\n" % NO_GROUP)
            with contextlib.suppress(OSError):
                process.stdin.close()
            process.wait()

    def _send(self, group: int) -> None:
        """Write the group to the guard. A guard that was killed is no reason to stop."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write(b"%d\n" % group)
                self._process.stdin.flush()


def keep_watch(lines: Iterable[str]) -> None:
    """Read the group to watch, one per line, until the input ends; then kill the last one."""
    group = NO_GROUP
    for line in lines:
        group = int(line)
    if group != NO_GROUP:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: all of the group have ended
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    keep_watch(sys.stdin)
