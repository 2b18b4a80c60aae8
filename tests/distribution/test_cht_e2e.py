"""The example for CHT Core's end-to-end tests runs in Node.js, with the harness from an installed wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

from tests.distribution.conftest import Installed
from tests.folders import ROOT

EXAMPLE = ROOT / "examples" / "cht-e2e"


def run(installed: Installed, **variables: str) -> subprocess.CompletedProcess[str]:
    node = shutil.which("node")
    if node is None:
        if os.environ.get("HARNESS_REQUIRE_NODE") == "1":
            pytest.fail("Node.js is required here and not installed")
        pytest.skip("this needs Node.js: install node, or set HARNESS_REQUIRE_NODE=1 to fail without")
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": str(installed.commands / "python"), **variables}
    command = [node, "--test", "--test-reporter", "tap", str(EXAMPLE / "rapidpro.spec.js")]
    return subprocess.run(
        command, cwd=EXAMPLE, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_example_passes_with_the_fake_cht(installed: Installed) -> None:
    done = run(installed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"^ +ok \d", done.stdout, re.MULTILINE)) == 5


def test_the_example_fails_if_cht_does_not_let_it_in(installed: Installed) -> None:
    done = run(installed, CHT_PASSWORD="another")
    assert done.returncode == 1
    assert not re.search(r"^ +ok \d", done.stdout, re.MULTILINE)


def test_the_example_needs_nothing_but_node() -> None:
    required = {
        name for file in EXAMPLE.glob("*.js") for name in re.findall(r"require\('([^']+)'\)", file.read_text("utf-8"))
    }
    assert required == {
        "./harness", "node:assert/strict", "node:child_process", "node:events", "node:readline", "node:test",
    }  # fmt: skip
