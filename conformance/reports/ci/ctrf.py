"""The Common Test Report Format: one JSON document that many reporters read. Source: ctrf.io, version 0.0.0."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from conformance.evidence.model import Step, StepOutcome
from conformance.reports.ci.times import began, feature_of, milliseconds, total
from conformance.reports.ladder_text import as_text
from conformance.reports.report import Report, ScenarioResult
from conformance.reports.run_info import DISTRIBUTION
from conformance.verdicts import Verdict

STATUSES = {Verdict.PASSED: "passed", Verdict.FAILED: "failed", Verdict.UNKNOWN: "skipped", Verdict.BROKEN: "other"}
STEP_STATUSES = {StepOutcome.PASSED: "passed", StepOutcome.FAILED: "failed", StepOutcome.NOT_RUN: "skipped"}


def ctrf(report: Report) -> dict[str, Any]:
    """The report in that format: unknown is skipped, broken is other."""
    tests = [_test(report, result) for result in report.results]
    tests += [_broken(sentence) for sentence in report.broken]
    run = report.run
    extra = {
        "profile": report.profile,
        "seed": run.seed,
        "command": run.command,
        "configuration": dict(run.configuration),
        "requirements": report.totals(),
    }
    tool = {"name": DISTRIBUTION, **({"version": run.harness} if run.harness else {})}
    results = {
        "tool": tool,
        "summary": _summary(report, [test["status"] for test in tests]),
        "tests": tests,
        "environment": {"reportName": "CHT-RapidPro conformance", "appName": report.name, "extra": extra},
    }
    document = {"reportFormat": "CTRF", "specVersion": "0.0.0", "generatedBy": DISTRIBUTION, "results": results}
    return document if not run.created else {**document, "timestamp": began(report).isoformat()}


def _summary(report: Report, statuses: Sequence[str]) -> dict[str, int]:
    start = began(report)
    ends = [began(report, result) + timedelta(seconds=result.seconds) for result in report.results]
    stop = max([start + timedelta(seconds=total(report.results)), *ends])
    counts = {name: statuses.count(name) for name in ("passed", "failed", "skipped", "pending", "other")}
    return {"tests": len(statuses), **counts, "start": milliseconds(start), "stop": milliseconds(stop)}


def _test(report: Report, result: ScenarioResult) -> dict[str, Any]:
    start = began(report, result)
    words = {"message": result.reason, "trace": as_text(result) if result.verdict is not Verdict.PASSED else ""}
    steps = [] if result.evidence is None else [_step(step) for step in result.evidence.steps]
    return {
        "name": f"{' '.join(result.requirements)}: {result.name}",
        "testId": f"{feature_of(result)}/{result.name}",
        "status": STATUSES[result.verdict],
        "rawStatus": result.verdict.value,
        "duration": round(result.seconds * 1000),
        "start": milliseconds(start),
        "stop": milliseconds(start + timedelta(seconds=result.seconds)),
        "suite": [feature_of(result)],
        "tags": list(result.requirements),
        **{key: value for key, value in words.items() if value},
        **({"steps": steps} if steps else {}),
        **({"extra": {"repeat": result.repeat}} if result.repeat else {}),
    }


def _step(step: Step) -> dict[str, str]:
    return {"name": f"{step.keyword} {step.text}", "status": STEP_STATUSES[step.outcome]}


def _broken(sentence: str) -> dict[str, Any]:
    return {"name": "The harness runs", "status": "other", "rawStatus": "broken", "duration": 0, "message": sentence}
