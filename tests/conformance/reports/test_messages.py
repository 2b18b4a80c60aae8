"""`messages.ndjson`: every result has its scenario of the feature files, and Cucumber's own formatters read it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from conformance.reports.messages.envelopes import ndjson
from conformance.reports.report import Report, ScenarioResult
from conformance.requirements.catalogue import load
from conformance.running.runner import features_folder, scenarios
from conformance.verdicts import Verdict
from tests import node
from tests.conformance.reports.examples import evil_report, report

PACKAGES = (
    "@cucumber/messages@34.2.1", "@cucumber/junit-xml-formatter@0.15.0", "@cucumber/html-formatter@24.2.0",
)  # fmt: skip
READ = """
import {readFileSync, createWriteStream} from "node:fs";
import {parseEnvelope} from "@cucumber/messages";
import {JUnitXmlPrinter} from "@cucumber/junit-xml-formatter";
import {CucumberHtmlStream} from "@cucumber/html-formatter";
const junit = new JUnitXmlPrinter({}, (words) => process.stdout.write(words));
const page = new CucumberHtmlStream();
page.pipe(createWriteStream(process.argv[3]));
for (const line of readFileSync(process.argv[2], "utf-8").split("\\n").filter(Boolean)) {
  const envelope = parseEnvelope(line);
  junit.update(envelope);
  page.write(envelope);
}
page.end();
"""


def messages(made: Report) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ndjson(made, features_folder()).splitlines()]


def of_kind(found: list[dict[str, Any]], kind: str) -> list[Any]:
    return [one[kind] for one in found if kind in one]


def all_scenarios() -> Report:
    """A result for each scenario of the features, every third failed."""
    results = [
        ScenarioResult(
            entry.name,
            entry.requirements,
            Verdict.PASSED if number % 3 else Verdict.FAILED,
            0.5,
            "" if number % 3 else "it failed",
            feature=entry.feature,
        )
        for number, entry in enumerate(scenarios())
    ]
    return Report({"name": "it"}, "26", load(), results)


def test_every_scenario_and_example_of_the_features_is_found() -> None:
    made = all_scenarios()
    found = messages(made)
    pickles = {pickle["id"]: pickle for pickle in of_kind(found, "pickle")}
    cases = of_kind(found, "testCase")
    assert len(pickles) == len(cases) == len(made.results) > 200
    assert {source["uri"].partition("/")[0] for source in of_kind(found, "source")} == {"features"}
    for case, result in zip(cases, made.results, strict=True):
        pickle = pickles[case["pickleId"]]
        assert {tag["name"] for tag in pickle["tags"]} >= {f"@req:{id_}" for id_ in result.requirements}
        assert [step["id"] for step in pickle["steps"]] == [
            step["pickleStepId"] for step in case["testSteps"] if "pickleStepId" in step
        ]


def test_ids_are_unique_and_every_step_starts_and_finishes() -> None:
    found = messages(report())
    started = [(one["testCaseStartedId"], one["testStepId"]) for one in of_kind(found, "testStepStarted")]
    finished = [(one["testCaseStartedId"], one["testStepId"]) for one in of_kind(found, "testStepFinished")]
    assert started == finished
    assert max(Counter(started).values()) == 1
    assert len(started) == sum(len(case["testSteps"]) for case in of_kind(found, "testCase"))


def test_the_failing_step_fails_and_what_came_after_is_skipped() -> None:
    found = messages(report())
    case = of_kind(found, "testCase")[1]
    results = {one["testStepId"]: one["testStepResult"] for one in of_kind(found, "testStepFinished")}
    statuses = [results[step["id"]]["status"] for step in case["testSteps"]]
    assert statuses == ["PASSED", "PASSED", "FAILED", "SKIPPED", "FAILED"]
    last = results[case["testSteps"][-1]["id"]]
    assert last["exception"] == {
        "type": "SubjectFailed", "message": "sent twice: 'Come on Monday' to Amina\n(expected: once)"
    }  # fmt: skip
    assert any("[fault: lose_reply]" in one["body"] for one in of_kind(found, "attachment"))
    (end,) = of_kind(found, "testRunFinished")
    assert end["success"] is False
    assert end["message"] == "a feature is odd"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("npm")
    node.install(folder, *PACKAGES)
    return folder


@pytest.mark.parametrize("make", [report, evil_report, all_scenarios, lambda: Report({"name": "it"}, "26", ())])
def test_the_official_schema_and_formatters_take_it(make: Callable[[], Report], packages: Path, tmp_path: Path) -> None:
    made = make()
    path, html = tmp_path / "messages.ndjson", tmp_path / "cucumber.html"
    path.write_text(ndjson(made, features_folder()), "ascii")
    schema = json.loads((packages / "node_modules/@cucumber/messages/messages.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    lines = path.read_text("utf-8").splitlines()
    for line in lines[:: 1 + len(lines) // 200]:  # all of them, but of many only some: it takes seconds
        validator.validate(json.loads(line))
    root = ElementTree.fromstring(node.run(READ, str(path), str(html), folder=packages))
    verdicts = [one.verdict for one in made.results]
    failed = verdicts.count(Verdict.FAILED) + verdicts.count(Verdict.BROKEN)
    counts = {"tests": len(verdicts), "failures": failed, "skipped": verdicts.count(Verdict.UNKNOWN)}
    assert {key: int(str(root.get(key))) for key in counts} == counts
    assert "</html>" in html.read_text("utf-8")
