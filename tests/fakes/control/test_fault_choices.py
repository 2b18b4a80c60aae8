"""Presets and effects over the control API: what they offer can be planned as it stands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.cli.fault import fault_command
from fakes.assembly import assemble_services
from fakes.clock import VirtualClock
from fakes.control.app import control_app
from fakes.serving.wsgi import WSGIApp, build_environ, call

EXAMPLES = {"integer": 3, "number": 1.5, "text": "x", "boolean": True, "path": "status", "any": "x"}


@pytest.fixture(scope="module")
def control() -> WSGIApp:
    return control_app(assemble_services(("rapidpro", "cht"), VirtualClock()))


def ask(control: WSGIApp, method: str, path: str, body: Any = None) -> Any:
    raw = b"" if body is None else json.dumps(body).encode()
    reply = call(control, build_environ(method, path, "", {"Host": "127.0.0.1"}, raw))
    assert reply.status < 300, reply.body
    return json.loads(reply.body)


def test_every_preset_can_be_planned_by_its_name_and_plans_what_it_shows(control: WSGIApp) -> None:
    for preset in ask(control, "GET", "/presets")["presets"]:
        planned = ask(control, "POST", "/faults", {"preset": preset["name"]})
        assert [one["effect"] for one in planned["faults"]] == [one["effect"] for one in preset["faults"]]
        assert planned["channel"] == preset["channel"]
        assert preset["sentence"].endswith(".")
        assert preset["faults"] or preset["channel"]


def test_every_effect_can_be_planned_with_the_options_that_it_lists(control: WSGIApp) -> None:
    for effect in ask(control, "GET", "/effects")["effects"]:
        options = {one["name"]: _value(one) for one in effect["options"]}
        (planned,) = ask(control, "POST", "/faults", {"effect": effect["name"], "with": options})["faults"]
        assert planned["with"] == options
        assert (planned["times"] is None) is effect["lasting"]


def _value(option: dict[str, Any]) -> Any:
    if option["default"] is not None:
        return option["default"]
    return option["choices"][0] if option["choices"] else EXAMPLES[option["type"]]


def test_the_fields_of_every_fault_are_those_that_a_planned_one_has(control: WSGIApp) -> None:
    (planned,) = ask(control, "POST", "/faults", {"effect": "refuse"})["faults"]
    fields = {one["name"]: one["default"] for one in ask(control, "GET", "/effects")["fields"]}
    assert set(fields) <= set(planned)
    assert {name: planned[name] for name in ("skip", "times", "share", "seed", "for_seconds")} == {
        name: fields[name] for name in ("skip", "times", "share", "seed", "for_seconds")
    }


@pytest.mark.parametrize(("path", "words"), [("presets", "sentence"), ("effects", "about")])
def test_the_command_line_lists_the_same(path: str, words: str, control: WSGIApp) -> None:
    shown = json.loads(CliRunner().invoke(fault_command, [path, "--json"]).output)
    listed = {one["name"]: one[words] for one in ask(control, "GET", f"/{path}")[path]}
    assert listed.keys() == shown.keys()
    assert all(shown[name].startswith(sentence) for name, sentence in listed.items())
