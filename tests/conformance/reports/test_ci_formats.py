"""JUnit XML and CTRF against the schemas of those who read them; the badge."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from lxml import etree

from conformance.reports.ci.badge import badge
from conformance.reports.ci.ctrf import ctrf
from conformance.reports.ci.junit import junit_xml
from conformance.reports.report import Report
from conformance.requirements.catalogue import Level
from conformance.verdicts import Verdict
from tests.conformance.reports.examples import REQUIREMENTS, evil_report, report, result, run_info

SCHEMAS = Path(__file__).parent / "schemas"
EMPTY = Report({"name": "it"}, "26", ())


def check_junit(document: str) -> None:
    etree.XMLSchema(file=str(SCHEMAS / "junit-10.xsd")).assertValid(etree.fromstring(document.encode()))


def check_ctrf(document: Any) -> None:
    schema = json.loads((SCHEMAS / "ctrf-schema-0.0.json").read_text("utf-8"))
    checker = jsonschema.Draft7Validator.FORMAT_CHECKER
    jsonschema.Draft7Validator(schema, format_checker=checker).validate(json.loads(json.dumps(document)))


@pytest.mark.parametrize("make", [report, evil_report, lambda: EMPTY])
def test_reports_keep_to_the_schemas_whatever_is_in_them(make: Callable[[], Report]) -> None:
    check_junit(junit_xml(make()))
    check_ctrf(ctrf(make()))


def test_the_schemas_notice_what_is_wrong() -> None:
    with pytest.raises(etree.DocumentInvalid):
        check_junit(junit_xml(report()).replace("<failure", "<fault").replace("</failure", "</fault"))
    with pytest.raises(jsonschema.ValidationError):
        check_ctrf({**ctrf(report()), "specVersion": "zero"})


def test_junit_has_a_case_for_each_result_with_its_requirements_and_its_ladder() -> None:
    root = ElementTree.fromstring(junit_xml(report()))
    assert {key: root.get(key) for key in ("tests", "failures", "errors")} == {
        "tests": "6", "failures": "2", "errors": "2"
    }  # fmt: skip
    cases = {str(case.get("name")): case for case in root.iter("testcase")}
    assert list(cases) == [
        "OUT-1: One text (hello)",
        "OUT-6: The answer to a send is lost",
        "OUT-1 OPS-8: After a crash",
        "OPS-8: Odd dates",
        "QUOTA-3: seen in: One text (hello)",
        "runs",
    ]
    failure = cases["OUT-6: The answer to a send is lost"].find("failure")
    assert failure is not None
    assert failure.get("message") == "sent twice: 'Come on Monday' to Amina"
    assert 'x Then Amina receives "Come on Monday" once' in str(failure.text)
    decisive = (
        ">> 2026-01-05T09:00:02.000Z relay > RapidPro: POST /api/v2/broadcasts.json no answer [fault: lose_reply]"
    )
    assert decisive in str(failure.text)
    assert "run again: relay-harness conform --only OUT-6 --seed 1" in str(failure.text)
    assert cases["OUT-6: The answer to a send is lost"].get("classname") == "Lost answers"
    assert cases["OUT-1 OPS-8: After a crash"].find("skipped") is not None
    assert cases["OPS-8: Odd dates"].find("error") is not None
    properties = {(one.get("name"), one.get("value")) for one in root.iter("property")}
    assert ("requirement", "OUT-6 must failed: A text is not sent twice after a lost answer.") in properties
    assert ("seed", "1") in properties


def test_characters_that_xml_forbids_are_shown_by_number() -> None:
    document = junit_xml(evil_report())
    for shown in ("[U+0000]", "[U+001B]", "[U+FFFE]", "[U+D83D]", "[U+202E]"):
        assert shown in document
    assert "👩‍⚕️" in document
    assert not {"\x00", "\x1b", "\ufffe", "\u202e"} & set(document)


def test_ctrf_counts_what_it_lists() -> None:
    results = ctrf(report())["results"]
    counts = {key: value for key, value in results["summary"].items() if key not in ("start", "stop")}
    assert counts == {"tests": 6, "passed": 1, "failed": 2, "skipped": 1, "pending": 0, "other": 2}
    assert results["summary"]["start"] == 1795766400000
    assert results["summary"]["stop"] >= results["summary"]["start"]
    failed = results["tests"][1]
    assert [step["status"] for step in failed["steps"]] == ["passed", "passed", "failed", "skipped"]
    assert failed["tags"] == ["OUT-6"]


PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("verdicts", "words", "colour"),
    [
        ((PASSED, PASSED, PASSED, PASSED), "4/4 (all)", "#2e7d32"),
        ((PASSED, PASSED, PASSED, FAILED), "3/4 (every should)", "#8a6d00"),
        ((PASSED, PASSED, UNKNOWN, PASSED), "3/4 (every must)", "#8a6d00"),
        ((PASSED, FAILED, PASSED, PASSED), "3/4 (below must)", "#c62828"),
        ((UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN), "0/4 (not judged)", "#616161"),
    ],
)
def test_the_badge_says_how_many_passed_and_which_level(verdicts: tuple[Verdict, ...], words: str, colour: str) -> None:
    assert [one.level for one in REQUIREMENTS] == [Level.MUST, Level.MUST, Level.SHOULD, Level.MAY]
    results = [result(one.id, verdict) for one, verdict in zip(REQUIREMENTS, verdicts, strict=True)]
    made = Report({"name": "it"}, "26", REQUIREMENTS, results)
    root = ElementTree.fromstring(badge(made))
    assert root.findtext("{http://www.w3.org/2000/svg}title") == f"CHT-RapidPro conformance: {words}"
    assert colour in badge(made)
    selected = replace(made, run=run_info(only=["OUT-1"]))
    assert ", of a selection" in badge(selected)
