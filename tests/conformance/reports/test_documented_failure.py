"""The failure that docs/own-relay.md shows is what the command prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests.folders import ROOT

DOCUMENT = (ROOT / "docs" / "own-relay.md").read_text("utf-8")


def test_the_documented_failure_is_what_the_command_prints() -> None:
    (command,) = re.findall(r"\(`relay-harness (conform [^`]+)`\)", DOCUMENT)
    (block,) = re.findall(r"```\n(failed OUT-16.*?)```", DOCUMENT, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-m", "conformance", *command.split()],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert block in done.stdout
