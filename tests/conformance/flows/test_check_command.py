"""`relay-harness flow check`: exit status and sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli.flow.check import check_command
from tests.conformance.flows.building import export, flow, node, say
from tests.conformance.flows.test_rules import posting
from tests.harness_command import harness


def written(folder: Path, document: object) -> str:
    path = folder / "flows.json"
    path.write_text(json.dumps(document), "utf-8")
    return str(path)


def test_an_error_makes_the_exit_status_1_and_its_place_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, posting(headers={"Content-Type": None}))
    done = CliRunner().invoke(check_command, [path])
    assert done.exit_code == 1
    assert "error: no-content-type: A text is posted without Content-Type" in done.output
    assert f"    * {path}: flow 'Texts', node" in done.output
    assert "(webhook), action" in done.output
    assert "(call_webhook): there is no header Content-Type" in done.output
    assert "    -> Add the header Content-Type: application/json." in done.output
    assert done.output.splitlines()[-1] == "1 error, 2 notes"


def test_a_rule_that_is_ignored_does_not_count(tmp_path: Path) -> None:
    path = written(tmp_path, posting(headers={"Content-Type": None}))
    rules = ("no-content-type", "needs-global", "answer-not-read")
    done = CliRunner().invoke(check_command, [path, *(word for rule in rules for word in ("--ignore", rule))])
    assert (done.exit_code, done.output) == (0, "nothing found\n")


def test_json_has_every_finding_with_place_reason_and_remedy(tmp_path: Path) -> None:
    path = written(tmp_path, posting(headers={"Authorization": "token x"}))
    document = json.loads(CliRunner().invoke(check_command, [path, "--json", "--ignore", "answer-not-read"]).output)
    assert document["ok"] is False
    (finding,) = document["findings"]
    assert finding["rule"] == "wrong-authorization"
    assert finding["generations"] == ["new", "9"]
    assert all(finding[key] for key in ("flow", "node", "node_kind", "action", "finding", "reason", "remedy"))


def test_globals_that_were_given_are_judged(tmp_path: Path) -> None:
    path = written(tmp_path, posting(url="@globals.cht_url"))
    given = ["--global", "cht_token=abc", "--global"]
    assert CliRunner().invoke(check_command, [path, *given, "cht_uri=https://x.org"]).exit_code == 1
    done = CliRunner().invoke(check_command, [path, *given, "cht_url=http://x.org/"])
    assert done.exit_code == 0
    assert "warning: plain-http" in done.output


def test_globals_that_stand_beside_the_keys_of_the_export_are_judged(tmp_path: Path) -> None:
    document = {**posting(url="@globals.cht_url"), "globals": {"CHT_URL": "http://x.org/"}}
    done = CliRunner().invoke(check_command, [written(tmp_path, document)])
    assert done.exit_code == 1
    assert "warning: plain-http" in done.output
    assert "no value was given for the global 'cht_token'" in done.output
    assert CliRunner().invoke(check_command, [written(tmp_path, document), "--global", "cht_token=a"]).exit_code == 0


def test_one_generation_can_be_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path, export(flow("Texts", node("one", say("hello")), spec_version="14.4.2")))
    assert CliRunner().invoke(check_command, [path]).exit_code == 0
    done = CliRunner().invoke(check_command, [path, "--generation", "9"])
    assert done.exit_code == 1
    assert "spec version 14.4.2 is newer than this library (13.2.0)" in done.output


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"flows": [', "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[" * 100_000, "is nested too deeply"),
        (b"[]", "an export is a JSON object, got list"),
        (b'{"version": "13"}', "an export has a list `flows` that is not empty; its keys are version"),
        (b'{"flows": []}', "an export has a list `flows` that is not empty"),
        (b'{"flows": [7]}', "flows[0] is not a flow definition but int"),
    ],
)
def test_a_file_that_is_no_export_is_not_judged(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "flows.json"
    path.write_bytes(content)
    done = CliRunner().invoke(check_command, [str(path)])
    assert done.exit_code == 2
    assert "nothing was judged" in done.output
    assert sentence in done.output


def test_an_export_whose_flows_have_no_uuid_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(check_command, [written(tmp_path, {"flows": [{"name": "Texts"}]})])
    assert done.exit_code == 1
    assert "all flows are refused because unable to read assets" in done.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Missing argument 'FILE...'"),
        (("there-is-none.json",), "there-is-none.json cannot be read: No such file or directory"),
        (("x.json", "--ignore", "nonsense"), "unknown rule 'nonsense'; the rules are refused, voice"),
        (("x.json", "--global", "=1"), "expected NAME or NAME=VALUE"),
    ],
)
def test_wrong_usage_is_reported(arguments: tuple[str, ...], sentence: str) -> None:
    done = CliRunner().invoke(check_command, arguments)
    assert done.exit_code == 2
    assert sentence in done.output


def test_the_command_is_reached_by_its_name() -> None:
    done = harness("flow", "check", "there-is-none.json")
    assert done.returncode == 2
    assert "there-is-none.json cannot be read" in done.stderr
    assert "Traceback" not in done.stderr
