"""App settings and credentials over the control API: the same as over CHT's own API, and no value is ever answered."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.cht.control.settings import USED
from tests.fakes.cht.control.test_tasks import ANN, Workbench
from tests.folders import ROOT

SECRET = "very-secret-value-4711"
CHT = ROOT / "fakes" / "cht"


@pytest.fixture
def bench() -> Workbench:
    return Workbench()


@pytest.mark.parametrize("how", ["merge", "replace", "overwrite"])
def test_settings_change_as_they_do_over_the_api_of_cht(how: str) -> None:
    here, there = Workbench(), Workbench()
    changes = {"sms": {"default_to_sender": False}, "locale": "sw", "multipart_sms_limit": 10.0, "forms": {"X": {}}}
    assert here.ask("PUT", f"/cht/settings?how={how}", changes) == (
        200, {"updated": True, "not_used": [], "problem": None},
    )  # fmt: skip
    there.api("PUT", f"/api/v1/settings?{how}=true", changes)  # CHT ignores `merge`: it is what it does by default
    own = here.api("GET", "/api/v1/settings", None)
    assert json.dumps(own) == json.dumps(there.api("GET", "/api/v1/settings", None))
    assert here.get("/cht/settings") == {"settings": own}
    assert here.ask("PUT", f"/cht/settings?how={how}", changes)[1]["updated"] is False


def test_a_whole_app_settings_file_is_taken_and_what_the_fake_does_not_use_is_named(bench: Workbench) -> None:
    exported = {
        "locales": [{"code": "en", "name": "English"}],
        "locale": "en",
        "default_country_code": "250",
        "forms": {"VISIT": {"meta": {"code": "VISIT"}, "fields": {}}},
        "schedules": [{"name": "Visits", "start_from": "reported_date", "messages": []}],
        "registrations": [{"form": "VISIT", "events": [], "messages": []}],
        "transitions": {"registration": True, "multi_report_alerts": {}, "create_user_for_contacts": {"disable": True}},
        "contact_types": [{"id": "person", "person": True}],
        "tasks": {"rules": "", "schedules": []},
        "sms": {"outgoing_service": "medic-gateway"},
    }
    status, answer = bench.ask("PUT", "/cht/settings?how=replace", exported)
    assert status == 200
    assert [one.partition(":")[0] for one in answer["not_used"]] == [
        "locales", "tasks", "transitions.multi_report_alerts",
    ]  # fmt: skip
    assert answer["problem"] is None
    shown = bench.get("/cht/settings")["settings"]
    assert {key: shown[key] for key in exported} == exported


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read_as_editors_write_it_and_numbers_as_javascript_does(bench: Workbench, encoding: str) -> None:
    written = '{"locale": "sw", "sms": {"reply": "Murakoze \u2713"}, "a": 10.0, "b": 1e400, "c": 12345678901234567890}'
    status, answer = bench.ask("PUT", "/cht/settings", written.encode(encoding))
    assert status == 200, answer
    shown = bench.get("/cht/settings")["settings"]
    assert shown["sms"]["reply"] == "Murakoze \u2713"
    assert json.dumps([shown["a"], shown["b"], shown["c"]]) == "[10, null, 12345678901234567000]"
    assert shown == bench.api("GET", "/api/v1/settings", None)


def test_it_says_why_no_transition_runs(bench: Workbench) -> None:
    answer = bench.ask("PUT", "/cht/settings", {"transitions": {"registratoin": True}})[1]
    assert "registratoin" in answer["problem"]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/cht/settings", [], "expected a JSON object"),
        ("/cht/settings", {}, "app_settings.json"),
        ("/cht/settings?how=all", {"locale": "en"}, "how: expected one of merge, replace, overwrite"),
        ("/cht/credentials/x", {}, "value: expected a text"),
        ("/cht/credentials/x", {"value": ""}, "value: expected a text"),
        ("/cht/credentials/x", {"value": 5}, "value must be str"),
        ("/cht/credentials/x", {"values": "5"}, "unknown field 'values'"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(bench: Workbench, path: str, body: Any, words: str) -> None:
    before = bench.get("/cht/settings")
    status, answer = bench.ask("PUT", path, body)
    assert (status, words in answer["error"]) == (400, True)
    assert bench.get("/cht/settings") == before
    assert bench.get("/cht/credentials/x") == {"key": "x", "known": False}


def test_a_credential_is_used_and_never_answered(bench: Workbench) -> None:
    assert bench.ask("PUT", "/cht/credentials/rapidpro:incoming", {"value": SECRET}) == (
        200, {"key": "rapidpro:incoming", "known": True},
    )  # fmt: skip
    assert bench.get("/cht/credentials/rapidpro:incoming") == {"key": "rapidpro:incoming", "known": True}
    assert bench.incoming({"id": "1", "from": ANN, "content": "hello"}, SECRET) == {"saved": 1}
    for route in bench.get("/")["routes"]:
        if route["method"] == "GET":
            path = route["path"].replace("<key>", "rapidpro:incoming").replace("<", "").replace(">", "")
            assert SECRET.encode() not in bench.raw("GET", path).body, path


def test_the_parts_that_count_as_used_are_those_that_the_fake_asks_for() -> None:
    asked = set().union(*(set(_asked(path)) for path in CHT.rglob("*.py") if "control" not in path.parts))
    assert asked == USED


def _asked(path: Path) -> Iterator[str]:
    """The names for which a module looks in the app settings: `settings.get(NAME)` and what passes a name on."""
    tree = ast.parse(path.read_text("utf-8"))
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for name in _names_asked(node):
                value = name.value if isinstance(name, ast.Constant) else constants.get(getattr(name, "id", ""))
                yield from (f"{value}{end}" for end in _endings(node) if isinstance(value, str))
        elif isinstance(node, ast.Assign) and getattr(node.targets[-1], "id", "") == "setting":
            yield str(ast.literal_eval(node.value))


def _names_asked(call: ast.Call) -> list[ast.expr]:
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr == "get":
        holder = function.value
        named = holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
        return call.args[:1] if named == "settings" else []
    return call.args[1:2] if getattr(function, "id", "") in ("configured", "entry_for", "_minutes") else []


def _endings(call: ast.Call) -> tuple[str, ...]:
    """A time of the day is two settings, of which a module names the part that they have in common."""
    return ("_hours", "_minutes") if getattr(call.func, "id", "") == "_minutes" else ("",)
