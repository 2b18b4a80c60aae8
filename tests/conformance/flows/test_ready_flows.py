"""The ready flows in examples/flows: read by both generations, and with no weakness that is not there on purpose."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from conformance.flows.bundle import read_bundle
from conformance.flows.checking.check import GENERATIONS, check
from fakes.rapidpro.flows.engine import FlowStore
from fakes.rapidpro.versions.engines import ENGINES
from tests.folders import ROOT

FOLDER = ROOT / "examples" / "flows"
WEAK: Mapping[str, set[str]] = {
    "historic": {"needs-service"},  # it mails an operator, as the minimal one
    "minimal": {
        "answer-not-read",
        "empty-content",
        "needs-service",
        "no-accept",
        "no-input",
    },  # as CHT's documentation has it
    "recommended": set(),
    "records": {"report-swallowed"},  # it asks questions
    "two-way-follow-up": {"answer-not-read"},
}
"""The expected findings besides the globals that the workspace needs."""


def test_every_ready_flow_is_judged_here() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(WEAK)


@pytest.mark.parametrize("name", WEAK)
def test_a_ready_flow_has_no_weakness_but_those_on_purpose(name: str) -> None:
    bundle = read_bundle(FOLDER / f"{name}.json")
    found = {one.rule.id for one in check(bundle, GENERATIONS, None)}
    assert found == WEAK[name] | {"needs-global"}


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("name", WEAK)
def test_both_generations_read_a_ready_flow(name: str, generation: str) -> None:
    flows = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))["flows"]
    store = FlowStore(flows, next(rules for key, rules in ENGINES.items() if key == generation))
    assert [store.get(uuid).name for uuid in store.uuids()] == [flow["name"] for flow in flows]
