"""docs/flow-tests.md tells the truth: its files pass, its commands work."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.conformance.flows.conversations.folder import flow_record, flow_test
from tests.folders import ROOT

DOCUMENT = (ROOT / "docs" / "flow-tests.md").read_text("utf-8")
FILES = dict(re.findall(r"```(?:yaml|gherkin)\n# ([\w.]+)\n(.*?)```", DOCUMENT, re.DOTALL))
COMMANDS = re.findall(r"\$ relay-harness flow test (.*)", DOCUMENT)
RECORDED = re.findall(r"\$ relay-harness flow record (.*)\n((?:[^$`].*\n)*)```", DOCUMENT)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of the document, and the export that they use."""
    shutil.copy(ROOT / "examples" / "flows" / "recommended.json", tmp_path / "texts.json")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_document_has_examples() -> None:
    assert (len(FILES), len(COMMANDS), len(RECORDED)) == (3, 2, 1)


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_document_passes(name: str, folder: Path) -> None:
    done = flow_test(folder / name)
    assert done.exit_code == 0, done.output


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_command_of_the_document_works(arguments: str) -> None:
    done = flow_test(*[word.replace("80", "50") for word in shlex.split(arguments)])
    assert done.exit_code == 0, done.output


def test_the_recording_of_the_document_passes(folder: Path) -> None:
    ((arguments, typed),) = RECORDED
    done = flow_record(typed, *shlex.split(arguments))
    assert done.exit_code == 0, done.output
    assert flow_test(folder / "typed.test.yaml").exit_code == 0
