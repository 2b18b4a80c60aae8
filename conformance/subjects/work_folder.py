"""The folder of a started subject, and the file into which it prints: read as it grows, and its end shown."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

NAME = "relay.log"
LONGEST_TAIL = 64 * 1024
"""How many bytes at the end of the file are looked at for its last lines."""


class WorkFolder:
    """The folder of a subject's database and output. `kept_in`: where the output stays if it is to be kept.

    The output is written to its final place from the beginning, so that a report can name it while the subject runs.
    """

    def __init__(self, kept_in: Path | None = None) -> None:
        self._kept_in = kept_in
        self._path: Path | None = None
        self._log: Path | None = None
        self._keep = False
        self._read = 0

    def path(self) -> Path:
        """The folder; created at the first call."""
        self._path = self._path or Path(tempfile.mkdtemp(prefix="relay-"))
        return self._path

    def log(self) -> Path:
        """The file of the output, which may not exist yet."""
        if self._log is None:
            self._log = self.path() / NAME if self._kept_in is None else self._kept_in / f"{self.path().name}.log"
        return self._log

    def keep_log(self) -> None:
        """Do not delete the output: a report points to it."""
        self._keep = True

    def printed(self) -> str:
        """What was printed since this was last asked; whole lines only."""
        if self._log is None or not self._log.exists():
            return ""
        with self._log.open("rb") as log:
            log.seek(self._read)
            lines, end, _ = log.read().rpartition(b"\n")
        self._read += len(lines) + len(end)
        return lines.decode("utf-8", "replace")

    def tail(self) -> str:
        """The end of what was printed."""
        if self._log is None or not self._log.exists():
            return ""
        with self._log.open("rb") as log:
            log.seek(max(self._log.stat().st_size - LONGEST_TAIL, 0))
            return log.read().decode("utf-8", "replace")

    def remove(self) -> None:
        """Delete the folder, and the output unless it is to be kept."""
        stays = self._keep and self._kept_in is not None and bool(self.tail())
        if self._log is not None and not stays:
            self._log.unlink(missing_ok=True)
        if self._path is not None:
            shutil.rmtree(self._path, ignore_errors=True)
        self._path = self._log = None
        self._keep, self._read = False, 0
