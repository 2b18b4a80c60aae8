"""`relay-harness conform --subject NAME[,NAME]`: several subjects in one table, and the exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from conformance.reports.report import Report, ScenarioResult
from conformance.reports.side_by_side import SideBySide
from conformance.requirements.catalogue import Level, Requirement
from conformance.verdicts import Verdict
from tests.harness_command import harness

FIRST, SECOND = (Requirement(f"A-{number}", Level.MUST, "A sentence.", "a source") for number in (1, 2))


def report(name: str, *verdicts: Verdict) -> Report:
    made = Report({"name": name}, "26", (FIRST, SECOND))
    for requirement, verdict in zip((FIRST, SECOND), verdicts, strict=True):
        made.results.append(ScenarioResult("a scenario", (requirement.id,), verdict, 0.1))
    return made


def shown(*reports: Report) -> str:
    console = Console(width=120)
    with console.capture() as captured:
        SideBySide(reports).show(console)
    return captured.get()


def test_each_subject_has_a_column_in_the_order_named() -> None:
    done = harness("conform", "--subject", "outbound-push,reference,cht-5.2", "--only", "OUT-3,QUOTA-4")
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert [cell.strip() for cell in lines[0].split("┃")[2:5]] == ["outbound-push", "reference", "cht-5.2"]
    cells = {line.split("│")[0].strip(): [cell.strip() for cell in line.split("│")[2:5]] for line in lines}
    assert cells["OUT-3"] == ["failed", "passed", "passed"]
    assert cells["QUOTA-4"] == ["failed (1 of 2)", "passed", "failed"]
    assert "relay-harness conform --subject outbound-push --only OUT-3" in done.stdout


def test_each_report_is_written_under_its_subjects_name(tmp_path: Path) -> None:
    done = harness(
        "conform", "--subject", "reference,cht-5.2", "--only", "WHY-3", "--json", "--report-dir", str(tmp_path)
    )
    assert done.returncode == 1, done.stderr
    reports = json.loads(done.stdout)["reports"]
    assert [one["subject"]["name"] for one in reports] == ["reference", "cht-5.2"]
    for one in reports:
        written = json.loads((tmp_path / one["subject"]["name"] / "report.json").read_text("utf-8"))
        assert written == one
        assert set(written["totals"]) == {"passed", "failed", "unknown", "broken"}
    assert "outbound-push" not in done.stdout


def test_a_single_subject_is_reported_like_any_other(tmp_path: Path) -> None:
    done = harness("conform", "--subject", "outbound-push", "--only", "OUT-3", "--json", "--report-dir", str(tmp_path))
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert found == json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert found["subject"]["left_aside"] == ["state_wrong"]
    (scenario,) = found["requirements"][0]["scenarios"]
    assert "--subject outbound-push" in scenario["repeat"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--subject", "cht-9"),
            "available: reference, cht-5.2, cht-5.1, cht-4.21, cht-4.17, cht-4.13, cht-4.4, ",
        ),
        (("--subject", "reference,nobody"), "unknown built-in subject 'nobody'"),
        (("--subject", ""), "--subject is empty"),
        (("--subject", " , "), "--subject is empty"),
        (("--subject", "reference", "--http"), "use one of them"),
        (("--subject", "reference", "--subject-url", "http://127.0.0.1:9"), "use one of them"),
        (("--subject", "reference", "--cht-url", "http://127.0.0.1:9", "--cht-user", "a"), "use one of them"),
        (("--subject", "reference,cht-5.2", "--only", ","), "--only"),
        (("--subject", "reference,cht-5.2", "--only", "NOPE"), "unknown requirement NOPE"),
    ],
)
def test_wrong_usage_is_reported_and_nothing_is_judged(arguments: tuple[str, ...], sentence: str) -> None:
    done = harness("conform", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_given_twice_is_judged_once() -> None:
    done = harness("conform", "--subject", "reference,reference", "--only", "IN-8", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["subject"]["name"] == "reference"


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ((Verdict.PASSED, Verdict.PASSED), (Verdict.PASSED, Verdict.UNKNOWN), 0),
        ((Verdict.PASSED, Verdict.PASSED), (Verdict.PASSED, Verdict.FAILED), 1),
        ((Verdict.PASSED, Verdict.FAILED), (Verdict.PASSED, Verdict.BROKEN), 2),
        ((Verdict.PASSED, Verdict.PASSED), (Verdict.UNKNOWN, Verdict.UNKNOWN), 0),
        ((Verdict.UNKNOWN, Verdict.UNKNOWN), (Verdict.UNKNOWN, Verdict.UNKNOWN), 2),
    ],
)
def test_the_worst_of_all_subjects_is_the_status(
    first: tuple[Verdict, Verdict], second: tuple[Verdict, Verdict], status: int
) -> None:
    assert SideBySide([report("a", *first), report("b", *second)]).exit_status() == status


def test_what_broke_outside_the_scenarios_is_shown_with_its_subject() -> None:
    broken = report("b", Verdict.PASSED, Verdict.PASSED)
    broken.broken.append("a feature cannot be read")
    assert SideBySide([report("a", Verdict.PASSED, Verdict.PASSED), broken]).exit_status() == 2
    assert "b: broken: a feature cannot be read" in shown(report("a", Verdict.PASSED, Verdict.PASSED), broken)


def test_where_all_passed_no_reason_is_offered() -> None:
    assert "why, for example" not in shown(report("a", Verdict.PASSED, Verdict.PASSED))


def test_reports_over_different_requirements_do_not_stand_side_by_side() -> None:
    other = Report({"name": "b"}, "26", (FIRST,))
    with pytest.raises(ValueError, match="the same requirements"):
        SideBySide([report("a", Verdict.PASSED, Verdict.PASSED), other])
