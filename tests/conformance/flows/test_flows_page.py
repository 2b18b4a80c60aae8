"""docs/flows.md tells the truth: its commands do what it says."""

from __future__ import annotations

import re
import shlex

import pytest
from click.testing import CliRunner

from conformance.cli.flow import flow_command
from tests.conformance.flows.test_ready_flows import FOLDER
from tests.folders import ROOT

PAGE = (ROOT / "docs" / "flows.md").read_text("utf-8")
COMMANDS = re.findall(r"^ *\$ relay-harness flow (.+)$", PAGE, re.MULTILINE)


def test_the_page_shows_commands() -> None:
    assert {command.split()[0] for command in COMMANDS} == {"check", "outcomes", "test"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_works(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(flow_command, shlex.split(command, comments=True))
    assert done.exit_code == ("exit status 1" in command), done.output


def test_the_page_names_every_ready_flow_and_the_globals_it_needs() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)\.json` \|.*\| (.*) \|$", PAGE, re.MULTILINE))
    assert sorted(rows) == sorted(path.stem for path in FOLDER.glob("*.json"))
    for name, needed in rows.items():
        used = set(re.findall(r"@globals\.(\w+)", (FOLDER / f"{name}.json").read_text("utf-8")))
        assert used == set(re.findall(r"`(\w+)`", needed)), name
