"""Completion in shells, as docs/by-hand.md switches it on."""

from __future__ import annotations

import re

import pytest
from click.shell_completion import get_completion_class

from conformance.cli import COMMANDS, harness
from tests.folders import ROOT

SHELLS = re.findall(r"_RELAY_HARNESS_COMPLETE=(\w+)_source", (ROOT / "docs" / "by-hand.md").read_text("utf-8"))


def test_the_documented_shells_are_those_that_click_knows() -> None:
    assert sorted(set(SHELLS)) == ["bash", "fish", "zsh"]


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_and_options_are_completed(shell: str) -> None:
    kind = get_completion_class(shell)
    assert kind is not None
    completion = kind(harness, {}, "relay-harness", "_RELAY_HARNESS_COMPLETE")
    assert [one.value for one in completion.get_completions([], "")] == list(COMMANDS)
    assert [one.value for one in completion.get_completions(["ledger"], "--f")] == ["--follow"]
