"""A requirement of which some scenarios are unknown says so, and `--strict` makes unknown count."""

from __future__ import annotations

import json

import pytest
from rich.console import Console

from conformance.reports.report import Report, ScenarioResult
from conformance.reports.side_by_side import SideBySide
from conformance.reports.terminal import show_report
from conformance.requirements.catalogue import Level, Requirement
from conformance.verdicts import Verdict
from tests.harness_command import harness

ONE = Requirement("A-1", Level.MUST, "A sentence.", "a source")
PASSED, FAILED, UNKNOWN, BROKEN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN, Verdict.BROKEN


def report(*verdicts: Verdict) -> Report:
    results = [ScenarioResult(f"scenario {n}", ("A-1",), verdict, 0.1) for n, verdict in enumerate(verdicts)]
    return Report({"name": "it"}, "26", (ONE,), results)


def shown(report: Report | SideBySide) -> str:
    console = Console(width=140)
    with console.capture() as captured:
        if isinstance(report, SideBySide):
            report.show(console)
        else:
            show_report(report, console)
    return captured.get()


@pytest.mark.parametrize(
    ("verdicts", "judged", "cell"),
    [
        ((PASSED, PASSED), 2, "passed"),
        ((PASSED, UNKNOWN), 1, "passed (1 of 2)"),
        ((UNKNOWN, FAILED, PASSED), 2, "failed (2 of 3)"),
        ((BROKEN, PASSED), 1, "broken (1 of 2)"),
        ((UNKNOWN, UNKNOWN), 0, "unknown"),
    ],
)
def test_it_is_told_how_many_scenarios_were_judged(verdicts: tuple[Verdict, ...], judged: int, cell: str) -> None:
    made = report(*verdicts)
    (requirement,) = made.as_json()["requirements"]
    assert (requirement["judged"], requirement["of"]) == (judged, len(verdicts))
    partly = 0 < judged < len(verdicts)
    beside = shown(SideBySide([made, report(PASSED)]))
    assert cell in [part.strip() for line in beside.splitlines() for part in line.split("│")]
    assert f"A  {cell}  1" in shown(made).splitlines()
    for document in (shown(made), beside):
        assert ("(1 partly judged)" in document) == partly


@pytest.mark.parametrize(
    ("verdicts", "usual", "strict"),
    [
        ((PASSED,), 0, 0),
        ((PASSED, UNKNOWN), 0, 1),
        ((UNKNOWN,), 2, 1),
        ((FAILED, UNKNOWN), 1, 1),
        ((BROKEN, UNKNOWN), 2, 2),
        ((), 2, 2),
    ],
)
def test_strict_counts_what_is_unknown_as_failed(verdicts: tuple[Verdict, ...], usual: int, strict: int) -> None:
    for result in (report(*verdicts), SideBySide([report(*verdicts)])):
        assert (result.exit_status(), result.exit_status(strict=True)) == (usual, strict)


def test_the_command_counts_it_too() -> None:
    only = ("conform", "--subject", "cht-5.2", "--only", "AUTH-1,IN-6", "--json")
    usual, strict = harness(*only), harness(*only, "--strict")
    assert (usual.returncode, strict.returncode) == (0, 1), usual.stdout
    requirements = json.loads(strict.stdout)["requirements"]
    assert [(one["verdict"], one["judged"]) for one in requirements] == [("unknown", 0), ("passed", 1)]
