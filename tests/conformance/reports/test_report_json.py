"""`report.json`: its schema, reading it back, and sentences for what is no report of this harness."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from conformance.reports.fields import ForeignReport
from conformance.reports.format import schema
from conformance.reports.report import Report
from conformance.reports.run_info import without_secrets
from tests.conformance.reports.any_report import REPORTS
from tests.conformance.reports.examples import EVENTS, evil_report, report
from tests.harness_command import harness


def strict(node: Any) -> Any:
    """The schema without leave to add keys: what is written must be described."""
    if isinstance(node, list):
        return [strict(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {key: strict(value) for key, value in node.items()}
    if "properties" in made and set(made["properties"]) != {"name", "kind", "time"}:  # the subject says what it likes
        made.setdefault("additionalProperties", False)
    return made


def check(document: Any) -> None:
    jsonschema.Draft202012Validator(strict(schema())).validate(json.loads(json.dumps(document)))


@settings(max_examples=40, deadline=None)
@given(REPORTS)
def test_what_is_written_is_read_back_and_keeps_to_the_schema(made: Report) -> None:
    document = json.loads(json.dumps(made.as_json()))
    check(document)
    read = Report.from_json(document)
    assert json.loads(json.dumps(read.as_json())) == document
    assert [one.name for one in read.results] == [one.name for one in made.results]


def test_a_scenario_of_two_requirements_is_one_result_when_read_back() -> None:
    read = Report.from_json(json.loads(json.dumps(report().as_json())))
    assert [one.name for one in read.results] == [one.name for one in report().results]
    assert read.exit_status() == report().exit_status() == 2


def test_the_schema_itself_is_valid_and_every_key_is_described() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    check(report().as_json())
    check(evil_report().as_json())


def test_the_schema_notices_what_is_wrong() -> None:
    document = json.loads(json.dumps(report().as_json()))
    document["requirements"][0]["verdict"] = "perhaps"
    with pytest.raises(jsonschema.ValidationError):
        check(document)


def test_the_command_writes_a_report_that_keeps_to_the_schema(tmp_path: Path) -> None:
    done = harness("conform", "--subject", "cht-5.2", "--only", "OUT-3,OUT-6", "--report-dir", str(tmp_path))
    assert done.returncode == 1, done.stderr
    document = json.loads((tmp_path / "report.json").read_text("utf-8"))
    check(document)
    assert document["configuration"]["only"] == ["OUT-3", "OUT-6"]
    assert document["command"].startswith("relay-harness conform --only OUT-3,OUT-6 --profile 26 --seed 1")
    assert document["seed"] == 1
    assert Report.from_json(document).exit_status() == 1


VALID = json.loads(json.dumps(report().as_json()))


def changed(*path: Any, to: Any) -> Any:
    document = copy.deepcopy(VALID)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return document


def without(name: str) -> Any:
    return {key: value for key, value in VALID.items() if key != name}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], "report must be an object, got []"),
        ("a text", 'report must be an object, got "a text"'),
        ({}, "it is no report of this harness"),
        ({"name": "package", "dependencies": {}}, "it is no report of this harness"),
        (without("version"), "did not number the versions"),
        (changed("version", to=2), "a report of version 2; this harness reads version 1"),
        (changed("version", to=True), "report.version must be a whole number, got true"),
        (without("profile"), "report lacks 'profile'"),
        (without("created"), "report lacks 'created'"),
        (changed("requirements", to=None), "report.requirements must be a list, got null"),
        (
            changed("requirements", 0, "level", to="shall"),
            "report.requirements[0].level must be one of must, should, may",
        ),
        (changed("requirements", 1, "scenarios", 0, "seconds", to="1"), '.seconds must be a number, got "1"'),
        (changed("requirements", 1, "scenarios", 0, "seconds", to=float("nan")), ".seconds must be a number, got NaN"),
        (changed("requirements", 0, "scenarios", 0, "verdict", to=[]), ".verdict must be one of passed, failed, "),
        (changed("requirements", 1, "scenarios", 0, "evidence", to={}), "evidence has another shape"),
        (changed("requirements", 1, "scenarios", 0, "evidence", "steps", to=[3]), "evidence has another shape"),
        (changed("requirements", 1, "scenarios", 0, "evidence", "events", 0, "source", to="x"), "another shape"),
        (changed("broken", to=[1]), "report.broken[0] must be a text, got 1"),
        (changed("ended_early", to=1), "report.ended_early must be a text, got 1"),
        (changed("seed", to="1"), "report.seed must be a whole number"),
    ],
)
def test_another_document_is_refused_with_a_sentence(document: Any, sentence: str) -> None:
    with pytest.raises(ForeignReport) as caught:
        Report.from_json(document)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("given_", "shown"),
    [
        ("python -m relay --token abc", "python -m relay --token '[hidden]'"),
        ("node relay.js --api-key=abc --port 1", "node relay.js '--api-key=[hidden]' --port 1"),
        ("RELAY_CHT_PASSWORD=x y", "'RELAY_CHT_PASSWORD=[hidden]' y"),
        ("env A=1 http://me:pw@localhost/", "env A=1 'http://me:[hidden]@localhost/'"),
        ("conform --subject-command 'sh -c \"TOKEN=x run\"'", None),
        ({"environment": {"MY_TOKEN": "x", "PORT": 1}}, {"environment": {"MY_TOKEN": "[hidden]", "PORT": 1}}),
        (["--secret=x"], ["'--secret=[hidden]'"]),
        ("node relay.js --tokens-file x", "node relay.js --tokens-file x"),
        ("an unclosed ' quote", "an unclosed ' quote"),
        (26, 26),
        ([True, 0.5, None, Path("/a/b")], [True, 0.5, None, "/a/b"]),
    ],
)
def test_secrets_of_the_configuration_are_hidden(given_: Any, shown: Any) -> None:
    found = without_secrets(given_)
    assert "TOKEN=x" not in str(found)
    assert shown is None or found == shown
    assert without_secrets(found) == found


def test_the_example_has_every_kind_of_event() -> None:
    assert {event.source == event.target for event in EVENTS} == {True, False}
    assert any(event.fault for event in EVENTS)
    assert any(event.count > 1 for event in EVENTS)
