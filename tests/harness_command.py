"""Runs the command `relay-harness` as a process, as people do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.folders import ROOT


def harness(*arguments: str, timeout: float = 180, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The finished process; its output as text."""
    return subprocess.run(
        [sys.executable, "-m", "conformance", *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
