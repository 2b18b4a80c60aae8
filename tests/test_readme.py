"""README tells the truth: its commands exist and do what it says, its links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli import COMMANDS as COMMANDS_OF_HARNESS
from tests.folders import ROOT

README = (ROOT / "README.md").read_text("utf-8") if (ROOT / "README.md").exists() else ""
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
COMMANDS = [line[2:] for block in BLOCKS for line in block.splitlines() if line.startswith("$ ")]
DOCUMENTS = [path.relative_to(ROOT) for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))]


def runs_here(command: str) -> list[str] | None:
    """The command as it can be run within a test: what is quick and ends by itself. None for others."""
    words = shlex.split(command, comments=True)
    if words[:2] == ["make", "conformance"]:
        return [sys.executable, "-m", "conformance", "conform", "--level", "must"]
    if words[0] == "relay-harness" and words[1] in QUICK:
        places = [str(ROOT / word) if word.startswith("examples/") else word for word in words[1:]]
        return [sys.executable, "-m", "conformance", *places]
    return None


QUICK = ("list", "show", "simulate", "plan", "conform", "flow")
LONG = ("--http", "--subject-url", "--cht-url", "10000")


@pytest.mark.parametrize("command", [c for c in COMMANDS if runs_here(c) and not any(word in c for word in LONG)])
def test_a_command_of_the_readme_works(command: str, tmp_path: Path) -> None:
    done = subprocess.run(
        runs_here(command) or [],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ("exit status 1" in command), done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("relay-harness ")])
def test_a_command_of_the_readme_has_options_that_exist(command: str) -> None:
    words = shlex.split(command, comments=True)
    name, options = words[1], [word for word in words[2:] if word.startswith("--")]
    done = subprocess.run(
        [sys.executable, "-m", "conformance", name, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for option in options:
        assert option.split("=")[0] in done.stdout, f"{option} is not an option of relay-harness {name}"


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make ")])
def test_a_make_target_of_the_readme_exists(command: str) -> None:
    target = command.split()[1]
    assert re.search(rf"^{re.escape(target)}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_every_command_and_every_document_is_in_the_readme() -> None:
    for_contributors = {"docs"}  # in docs/contributing.md
    assert {name for name in COMMANDS_OF_HARNESS if f"relay-harness {name}" not in README} == for_contributors
    assert [path.name for path in (ROOT / "docs").glob("*.md") if f"- [docs/{path.name}]" not in README] == []


def test_the_readme_has_commands_to_test() -> None:
    assert any(command.startswith("make conformance") for command in COMMANDS)
    assert any(command.startswith("make test") for command in COMMANDS)
    assert len(COMMANDS) >= 5


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    text = (ROOT / document).read_text("utf-8")
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", text):
        assert (ROOT / document.parent / target).exists(), f"{document} links to {target}, which there is not"


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_files_and_folders_that_a_document_names_exist(document: Path) -> None:
    text = (ROOT / document).read_text("utf-8")
    for named in re.findall(r"`((?:relay|fakes|conformance|features|loadtests|tests|docs)/[\w./-]*)`", text):
        assert (ROOT / named).exists(), f"{document} names {named}, which there is not"
