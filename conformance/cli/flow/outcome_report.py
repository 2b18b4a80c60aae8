"""The outcomes of a flow as a report with a page: each way as a scenario with its ladder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from conformance.flows.outcomes.outcome import Agreement, Row
from conformance.reports.file_writing import as_json, write_whole
from conformance.reports.joined import Joined
from conformance.reports.page.html import page
from conformance.reports.report import Report, ScenarioResult
from conformance.requirements.catalogue import Level, Requirement
from conformance.verdicts import Verdict
from fakes.rapidpro.versions.profiles import DEFAULT

REQUIREMENT = Requirement(
    "FLOW", Level.MUST, "What a person is told agrees with what CHT holds, however the endpoint answers.",
    "cht-core issue 6532",
)  # fmt: skip


def write_report(rows: Sequence[Row], flow: str, about: str, folder: Path) -> None:
    """Write `report.json` and `report.html`. click.UsageError if the folder cannot be written."""
    subject = {"name": flow, "kind": "flow", "about": f"the flow calls {about}"}
    report = Report(subject, DEFAULT, (REQUIREMENT,), [_result(row) for row in rows])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "report.json", as_json(report.as_json()))
        write_whole(folder / "report.html", page(Joined([report])))
    except OSError as problem:
        raise click.UsageError(f"--report-dir: {folder} cannot be written: {problem.strerror}") from None


def _result(row: Row) -> ScenarioResult:
    verdict = Verdict.FAILED if row.agreement is Agreement.DISAGREES else Verdict.PASSED
    generations = ", ".join(row.generations)
    told = "; ".join(row.told) or "nothing"
    holds = "; ".join(row.holds) or "nothing"
    reason = f"{row.reason}. The person is told: {told}. CHT holds: {holds}."
    return ScenarioResult(
        f"{row.name}: {row.way.about} (generation {generations})", (REQUIREMENT.id,), verdict, 0.0,
        reason if verdict is Verdict.FAILED else "", evidence=row.evidence, feature="Answers to the flow's webhook",
    )  # fmt: skip
