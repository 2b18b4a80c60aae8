"""`relay-harness load --report-dir`: the reports of a real run, in virtual time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance.verdicts import HarnessBroken
from loadtests.cli import load_command


def load(*arguments: str) -> Result:
    return CliRunner().invoke(load_command, list(arguments))


def test_the_command_writes_reports_that_agree_with_what_it_prints(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    done = load("quota_exhausted", "--texts", "60", "--quota", "40", "--quiet", "--json", "--report-dir", str(folder))
    assert done.exit_code == 0, done.output
    printed, document = json.loads(done.stdout), json.loads((folder / "load.json").read_text("utf-8"))
    known = {**document, **document["run"]}
    both = printed.keys() & known.keys()
    assert {"lost", "texts_out", "to_phone_p95_s", "verdict", "subject", "command", "notes"} <= both
    assert {key: known[key] for key in both} == {key: printed[key] for key in both}
    waits = document["tables"]["waits"][0]
    for share in ("p50_s", "p95_s"):
        assert waits[share] == pytest.approx(printed[f"to_phone_{share}"], abs=0.01)
    quota = {one["scope"]: one for one in document["tables"]["quota"]}
    assert (quota["v2"]["rate"], quota["v2"]["fewest_left"]) == ("40/hour", 0)
    assert sorted(one.name for one in folder.iterdir()) == ["load.html", "load.json", "requests.csv", "timeline.csv"]


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        pytest.fail("it ran")

    monkeypatch.setattr("loadtests.cli.run", never)
    done = load("reminder_morning", "--report-dir", "/dev/null/report")
    assert done.exit_code == 2
    assert "/dev/null/report cannot be used as an output folder" in done.output


def test_the_verdict_is_there_although_its_report_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: object) -> None:
        raise HarnessBroken("load.html cannot be written: the disk is full")

    monkeypatch.setattr("loadtests.cli.write_reports", full)
    done = load("quota_exhausted", "--texts", "6", "--quiet", "--json", "--report-dir", str(tmp_path))
    assert (done.exit_code, json.loads(done.stdout)["verdict"]) == (2, "passed")
    assert done.stderr == "load.html cannot be written: the disk is full\n"


def test_a_highest_rate_is_wanted_of_ramps_alone() -> None:
    done = load("steady_day", "--min-highest-rate", "5")
    assert done.exit_code == 2
    assert "--min-highest-rate goes with a ramp: steady_day has no highest rate" in done.output
