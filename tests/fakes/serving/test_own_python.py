"""Python for our own packages, in a folder and with a PYTHONPATH that have packages of the same names."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import requests

from fakes.serving import own_python
from fakes.serving.own_python import own_command, own_environment
from fakes.serving.process import start_fakes
from tests.folders import ROOT


@pytest.fixture
def in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with packages named like ours; PYTHONPATH leads to it, too."""
    for name in ("fakes", "relay", "conformance"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('taken for ours')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("in_the_way")
def test_fakes_that_are_started_there_are_ours() -> None:
    with start_fakes(("cht",)) as addresses:
        assert requests.get(f"{addresses.control}/health", timeout=5).json()["services"] == ["cht"]


@pytest.mark.usefixtures("in_the_way")
@pytest.mark.parametrize("module", ["relay", "conformance", "fakes"])
def test_our_packages_are_those_of_this_process(module: str) -> None:
    command = [*own_command("relay")[:2], "-c", f"import {module}; print({module}.__file__)"]
    done = subprocess.run(command, env=own_environment(), capture_output=True, text=True, check=False)
    assert Path(done.stdout.strip()).parent == ROOT / module, done.stderr


def test_installed_packages_need_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_python, "installed_folders", lambda: frozenset({own_python.ROOT}))
    assert own_environment({"PYTHONPATH": "theirs", "HOME": "/home/amina"}) == {"HOME": "/home/amina"}
