"""The subject file: every option of `conform` can be in it, the command line wins, and what is wrong has a place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from conformance.cli.conform import conform_command
from conformance.cli.judging.judge import Judging
from conformance.cli.options.config import NOT_IN_FILES, option_name
from conformance.subjects.own_environment import VALUES, BadTemplate, check, filled
from conformance.verdicts import HarnessBroken

GOOD = """
subject-url = "http://127.0.0.1:7070"
subject-command = "node relay.js"
only = ["IN-1", "out-*"]
jobs = 2
poll-seconds = 1
patience-seconds = 7.5
strict = true
report-dir = "found"

[environment]
CHT_BASE = "{cht_url}/api"
BRACES = "{{}}"
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Judging]:
    """The runs that a command would have started."""
    begun: list[Judging] = []

    def run(judging: Judging) -> None:
        begun.append(judging)
        raise HarnessBroken("only the options are looked at here")

    monkeypatch.setattr(Judging, "run", run)
    return begun


def conform(*arguments: str) -> str:
    """What the command says. It must say it with status 2 and without a traceback."""
    result = CliRunner().invoke(conform_command, arguments)
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    return result.output


@pytest.mark.parametrize("place", ["harness.toml", "pyproject.toml", "--config"])
def test_options_come_from_the_file(place: str, runs: list[Judging], tmp_path: Path) -> None:
    name = "other.toml" if place == "--config" else place
    table = GOOD.replace("[environment]", "[tool.relay-harness.environment]")
    text = f"[tool.relay-harness]\n{table}" if name == "pyproject.toml" else GOOD
    Path(name).write_text(text, "utf-8")
    conform(*(("--config", name) if place == "--config" else ()))
    (judging,) = runs
    options = judging.options
    assert (options.url, options.command) == ("http://127.0.0.1:7070", "node relay.js")
    assert (options.poll_seconds, options.patience_seconds, judging.jobs) == (1, 7.5, 2)
    assert {one.id.partition("-")[0] for one in judging.requirements} == {"IN", "OUT"}
    assert options.environment == {"CHT_BASE": "{cht_url}/api", "BRACES": "{{}}"}
    assert (tmp_path / "found").is_dir()


def test_the_command_line_wins(runs: list[Judging]) -> None:
    Path("harness.toml").write_text(GOOD, "utf-8")
    conform("--jobs", "3", "--only", "IN-2", "--subject-url", "http://127.0.0.1:7171")
    (judging,) = runs
    assert (judging.jobs, [one.id for one in judging.requirements]) == (3, ["IN-2"])
    options = judging.options
    assert (options.url, options.command) == ("http://127.0.0.1:7171", "node relay.js")
    assert options.patience_seconds == 7.5, "what goes with the same subject stays"
    assert options.environment


@pytest.mark.parametrize("arguments", [("--http",), ("--subject", "cht-5.2")])
def test_another_subject_on_the_command_line_leaves_the_files_subject_aside(
    arguments: tuple[str, ...], runs: list[Judging]
) -> None:
    Path("harness.toml").write_text(GOOD.replace("patience-seconds = 7.5", ""), "utf-8")
    conform(*arguments)
    (judging,) = runs
    options = judging.options
    assert (options.url, options.command, options.poll_seconds, options.environment) == (None, None, None, {})
    assert judging.jobs == 2, "what does not belong to the subject stays"


def test_a_project_without_a_table_for_the_harness_says_nothing(runs: list[Judging]) -> None:
    Path("pyproject.toml").write_text('[project]\nname = "relay-harness-user"\n', "utf-8")
    conform()
    assert runs[0].options.url is None


WRONG = {
    "nonsense = 1": "unknown key 'nonsense'; known: allow-remote, bind",
    "json = true": "unknown key 'json'",
    "subject_url = 'http://127.0.0.1:1'": "unknown key 'subject_url'",
    "jobs = 'two'": "jobs must be a whole number, got 'two'",
    "jobs = 2.5": "jobs must be a whole number, got 2.5",
    "jobs = true": "jobs must be a whole number, got True",
    "jobs = 0": "jobs: 0 is not in the range",
    "cht-port = 70000": "cht-port: 70000 is not in the range",
    "poll-seconds = 'often'": "poll-seconds must be a number",
    "poll-seconds = nan": "poll-seconds: nan is not a finite number",
    "http = 'yes'": "http must be true or false",
    "subject-url = 'nonsense'": "subject-url: expected an address such as",
    "subject-url = ['http://127.0.0.1:1']": "subject-url must be a string",
    "only = 1": "only must be a string or a list of strings, got 1",
    "only = [1]": "only must be a string or a list of strings, got 1",
    "profile = '5'": "profile: '5' is not one of",
    "environment = 'CHT'": "environment must be a table",
    "environment = {CHT = 1}": "environment.CHT must be a string, got 1",
    "environment = {CHT = '{nobody}'}": "environment.CHT: '{nobody}': {nobody} is not known; known: {cht_url}",
    "environment = {CHT = '{cht_url'}": "environment.CHT: '{cht_url' cannot be read",
    "environment = {CHT = '{cht_url.x}'}": "{cht_url.x} is not known",
    "environment = {'A=B' = 'x'}": "'A=B' cannot be a variable",
    "jobs =": "is not TOML",
    "\ufeffjobs = 1": "is not TOML",
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.items(), ids=list(WRONG))
def test_what_is_wrong_is_a_sentence_with_the_file_and_the_key(text: str, sentence: str) -> None:
    Path("harness.toml").write_text(text, "utf-8")
    said = conform()
    assert f"harness.toml{'' if 'is not TOML' in sentence else ':'}" in said
    assert sentence in said


def test_a_file_that_cannot_be_read_or_has_no_table_is_a_sentence(tmp_path: Path) -> None:
    assert "none.toml cannot be read: No such file" in conform("--config", "none.toml")
    assert "cannot be read: Is a directory" in conform("--config", str(tmp_path))
    for text in ("[tool.other]\n", "tool = 'relay-harness'\n", "[tool]\nrelay-harness = 1\n"):
        Path("pyproject.toml").write_text(text, "utf-8")
        assert "there is no table [tool.relay-harness]" in conform("--config", "pyproject.toml")
    Path("binary.toml").write_bytes(b"\xff\xfe")
    assert "binary.toml is not TOML" in conform("--config", "binary.toml")


def values() -> Iterator[tuple[str, object]]:
    """Each option with values of all TOML types: one of them may be right, none may be a traceback."""
    for option in conform_command.params:
        if isinstance(option, click.Option) and option_name(option) not in NOT_IN_FILES:
            for value in ("true", "-1", "0", "1e400", '"\\u0000"', "''", "[]", "[[]]", "{}", "1979-05-27"):
                yield option_name(option), value


@pytest.mark.parametrize("key", sorted({key for key, _ in values()}))
@pytest.mark.usefixtures("runs")
def test_no_value_of_any_option_is_a_traceback(key: str) -> None:
    for name, value in values():
        if name == key:
            Path("harness.toml").write_text(f"{key} = {value}\n", "utf-8")
            conform()


@given(st.text())
def test_a_template_is_refused_or_can_be_filled(template: str) -> None:
    usual: dict[str, str] = dict.fromkeys(VALUES.values(), "x:1")
    try:
        check(template)
    except BadTemplate:
        return
    assert "X" in filled({"X": template}, usual, Path("/tmp"))


def test_placeholders_have_the_values_of_the_usual_variables() -> None:
    usual = {variable: variable.lower() for variable in VALUES.values()} | {"RELAY_LISTEN": "127.0.0.1:7070"}
    templates = {"A": "{cht_url}/x", "B": "{host} {port}", "C": "{{{folder}}}"}
    assert filled(templates, usual, Path("/files")) == {"A": "relay_cht_url/x", "B": "127.0.0.1 7070", "C": "{/files}"}
