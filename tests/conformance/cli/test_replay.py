"""`relay-harness replay report.json`: the failed scenarios again, and no command of a stranger is started."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click
import pytest

from conformance.cli.results.replay import conform_arguments
from conformance.reports.report import Report
from conformance.reports.run_info import RunInfo
from tests.conformance.reports.examples import report
from tests.harness_command import harness


def made_by(command: str) -> Report:
    return replace(report(), run=RunInfo("2026-11-27T08:00:00+00:00", command, 1, {}, "0.1.0"))


def test_what_failed_is_judged_again_and_fails_again(tmp_path: Path) -> None:
    first = harness("conform", "--subject", "cht-5.2", "--only", "OUT-6,OUT-3,QUOTA-4", "--report-dir", str(tmp_path))
    assert first.returncode == 1, first.stderr
    document = json.loads((tmp_path / "report.json").read_text("utf-8"))
    failed = {
        scenario["name"]
        for one in document["requirements"]
        for scenario in one["scenarios"]
        if scenario["verdict"] == "failed" and not scenario["elsewhere"]
    }
    again = harness("replay", str(tmp_path / "report.json"), "--json")
    assert again.returncode == 1, again.stderr
    replayed = {
        scenario["name"]: scenario["verdict"]
        for one in json.loads(again.stdout)["requirements"]
        for scenario in one["scenarios"]
        if not scenario["elsewhere"]
    }
    assert {name for name, verdict in replayed.items() if verdict == "failed"} == failed
    assert len(replayed) < sum(one["of"] for one in document["requirements"])
    alone = harness("replay", str(tmp_path / "report.json"), "--scenario", min(failed), "--json")
    assert alone.returncode == 1, alone.stderr
    shown = {scenario["name"] for one in json.loads(alone.stdout)["requirements"] for scenario in one["scenarios"]}
    assert shown == {min(failed)}


def test_conduct_is_judged_again_in_the_scenarios_where_it_was_seen() -> None:
    made = made_by("relay-harness conform --subject cht-5.2 --only X --scenario Y --level=must --profile 26 --seed 1")
    conduct = [one for one in made.results if one.elsewhere]
    assert conform_arguments(made, conduct, trust=False) == [
        *("--subject", "cht-5.2", "--profile", "26", "--seed", "1"),
        *("--only", "QUOTA-3,OUT-1", "--scenario", "One text (hello)"),
    ]


@pytest.mark.parametrize(
    "options",
    [
        "--subject-url http://127.0.0.1:7070 --subject-command 'touch /tmp/owned'",
        "--subject-url http://127.0.0.1:7070",
        "--cht-url https://cht.example.org --cht-user a --allow-remote",
    ],
)
def test_what_a_report_names_is_started_or_called_only_if_it_is_trusted(options: str) -> None:
    made = made_by(f"relay-harness conform {options}")
    with pytest.raises(click.UsageError, match="use --trust"):
        conform_arguments(made, made.results, trust=False)
    assert conform_arguments(made, made.results, trust=True)[:2] == options.split()[:2]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("", "does not say how it was made"),
        ("rm -rf /", "does not say how it was made"),
        ("relay-harness load x", "does not say how it was made"),
        ("relay-harness conform --subject-command 'x --token [hidden]'", "a secret is hidden"),
        ("relay-harness conform --no-such-option", "No such option"),
        ("relay-harness conform 'unclosed", "cannot be read"),
    ],
)
def test_a_command_that_cannot_be_used_is_told(command: str, sentence: str) -> None:
    made = made_by(command)
    with pytest.raises(click.UsageError) as caught:
        conform_arguments(made, made.results, trust=True)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("document", "arguments", "sentence"),
    [
        (
            report().as_json(),
            ("--scenario", "no such"),
            "the report has no scenario 'no such'; failed in it: The answer",
        ),
        ({"reports": [report().as_json()] * 2}, (), "holds several reports"),
        ({**report().as_json(), "requirements": []}, (), "no scenario of"),
        ({**report().as_json(), "version": 7}, (), "a report of version 7"),
        ({"version": 1, "events": []}, ("--trust",), "go with a report.json"),
    ],
)
def test_wrong_usage_is_a_sentence_and_status_2(
    document: object, arguments: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(document), "utf-8")
    done = harness("replay", str(path), *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_scenario_that_does_not_exist_or_is_not_selected_is_told() -> None:
    for name in ("no such scenario", "The answer is lost"):
        done = harness("conform", "--only", "IN-1", "--scenario", name)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"no scenario of the selected requirements is named {name!r}" in done.stderr


def test_a_scenario_is_judged_alone() -> None:
    done = harness("conform", "--scenario", "The answer is lost", "--json")
    assert done.returncode == 0, done.stderr
    requirements = json.loads(done.stdout)["requirements"]
    assert {scenario["name"] for one in requirements for scenario in one["scenarios"]} == {"The answer is lost"}
