"""Runs pytest as other people do: in a folder of their own, with the plugin."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.folders import ROOT

PLUGINS = ("--disable-plugin-autoload", "-p", "cht_rapidpro_harness.pytest_plugin", "-p", "xdist.plugin")
"""The plugin by its name, since an installation may or may not announce it already."""


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The finished run of the tests in `folder`."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PLUGINS, *arguments],
        cwd=folder,
        env=environment({"PYTHONPATH": str(ROOT)}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def environment(changes: Mapping[str, str]) -> dict[str, str]:
    """This environment without what concerns the tests of this project."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHONPATH", "COV_"))}
    return {**kept, **changes}


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
