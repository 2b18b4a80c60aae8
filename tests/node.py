"""Packages of npm for tests that let others' programs read what is written here."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest


def install(folder: Path, *packages: str) -> None:
    """Install packages, each with its version, into an empty folder.

    Without Node.js or its registry the test is skipped; with HARNESS_REQUIRE_NODE set, it fails.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        lacking("node and npm are not installed: install Node.js 20 or newer")
    (folder / "package.json").write_text('{"private": true, "type": "module"}\n', "utf-8")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent", *packages]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        lacking(f"npm cannot install {' '.join(packages)}: {done.stderr.strip()[-500:]}")


def run(script: str, *arguments: str, folder: Path) -> str:
    """What a script (an ES module) prints, run where packages are installed. AssertionError if it fails."""
    (folder / "script.mjs").write_text(script, "utf-8")
    done = subprocess.run(
        ["node", "script.mjs", *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def lacking(reason: str) -> NoReturn:
    """Skip the test, or fail it with HARNESS_REQUIRE_NODE set."""
    if os.environ.get("HARNESS_REQUIRE_NODE"):
        pytest.fail(reason)
    pytest.skip(reason)
