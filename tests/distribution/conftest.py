"""An environment into which only the built wheel is installed, as a user or an image would have it."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest
import uv

from tests.folders import ROOT


@dataclass(frozen=True, slots=True)
class Installed:
    """The wheel, and the folder of commands of an environment that has it."""

    wheel: Path
    commands: Path


@pytest.fixture(scope="package")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an environment of its own. What it depends on is taken from the environment of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True)
    (wheel,) = folder.glob("*.whl")
    command = [uv.find_uv_bin(), "--quiet", "venv", "--python", sys.executable, str(folder / "venv")]
    subprocess.run(command, check=True)
    commands = folder / "venv" / "bin"
    install = ["pip", "install", "--offline", "--no-deps", "--python", str(commands / "python"), str(wheel)]
    subprocess.run([uv.find_uv_bin(), "--quiet", *install], check=True)
    add_dependencies(folder / "venv")
    return Installed(wheel, commands)


def add_dependencies(venv: Path) -> None:
    """Let an environment find what the harness depends on, without a network. Not the harness itself."""
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(venv)}))
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n", "utf-8")
