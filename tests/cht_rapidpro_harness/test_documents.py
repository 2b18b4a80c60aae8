"""The examples in the documents run as they stand; docs/api.md lists the public names."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import cht_rapidpro_harness
from tests.cht_rapidpro_harness.pytest_run import environment, run_pytest, write
from tests.folders import ROOT

FILE = re.compile(r"```(?:python|ini)\n# ([\w.]+)\n(.*?)```", re.DOTALL)
PLUGIN = (ROOT / "docs" / "pytest-plugin.md").read_text("utf-8")
FAILING = "test_that_fails.py"


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """The files that docs/pytest-plugin.md shows."""
    write(tmp_path, dict(FILE.findall(PLUGIN)))
    return tmp_path


def test_the_examples_for_pytest_pass(examples: Path) -> None:
    count = sum(text.count("\ndef test_") for name, text in FILE.findall(PLUGIN) if name != FAILING)
    done = run_pytest(examples, "-n", "2", "--strict-markers", "--strict-config", f"--ignore={FAILING}")
    assert f"{count} passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def test_the_report_of_a_failing_test_is_as_shown(examples: Path) -> None:
    done = run_pytest(examples, FAILING)
    (shown,) = re.findall(r"```text\n(.*?)```", PLUGIN, re.DOTALL)
    assert done.returncode == 1
    for line in shown.splitlines():
        assert line.removesuffix("…") in done.stdout
    assert shown.count("…") == 2


@pytest.mark.parametrize("document", ["api.md", "simulation.md"])
def test_the_example_of_a_document_runs(document: str, tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / document).read_text("utf-8"), re.DOTALL)
    command = [sys.executable, "-c", example]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment({"PYTHONPATH": str(ROOT)}), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_all_public_names_are_there_and_no_other() -> None:
    for name in cht_rapidpro_harness.__all__:
        assert getattr(cht_rapidpro_harness, name).__doc__
    assert dir(cht_rapidpro_harness) == sorted(cht_rapidpro_harness.__all__)
    with pytest.raises(AttributeError, match="no public name 'World'; there are: ControlClient"):
        _ = cht_rapidpro_harness.World  # type: ignore[attr-defined]
