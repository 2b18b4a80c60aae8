"""Whatever a flow does and whatever is texted: a conversation is judged, and its results can be shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conformance.flows.conversations.document import Document
from conformance.flows.conversations.reading import conversations_of
from conformance.flows.judging.judge import play
from conformance.flows.judging.running import Results
from conformance.flows.playing.exports import BadExport, Export, read_export
from conformance.flows.results.junit import junit
from conformance.flows.results.page import page
from conformance.flows.results.terminal import lines
from tests.conformance.flows.building import export
from tests.conformance.flows.conversations.folder import relay
from tests.fakes.rapidpro.flows.engine.test_properties import GENERATIONS, flows

STEPS = st.sampled_from([
    {"text": "plain"}, {"text": "7"}, {"text": ""}, {"wait": "1 day"}, {"wait": "90 s"}, {"start": "a"},
    {"reply": {"contains": "x"}}, {"call": "none"}, {"expect": {"status": "waiting"}},
])  # fmt: skip


def conversation(folder: Path, steps: list[Any]) -> Any:
    document = {"flow": "flows.json", "starts": "a", "conversations": [{"name": "any", "steps": steps}]}
    (found,) = conversations_of(Document(folder / "a.test.yaml", document, {}))
    return found


def written(folder: Path, document: Any) -> Export:
    (folder / "flows.json").write_text(json.dumps(document), "utf-8")
    return read_export(folder / "flows.json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=flows("a"), second=flows("b"), generation=GENERATIONS, steps=st.lists(STEPS, min_size=1, max_size=6))
def test_any_conversation_with_any_valid_flow_is_judged_and_shown(
    folder: Path, first: Any, second: Any, generation: Any, steps: list[Any]
) -> None:
    one = conversation(folder, steps)
    results = Results()
    results.exports[one.setting.flow.resolve()] = written(folder, export(first, second))
    result = play(one, results.exports[one.setting.flow.resolve()], generation)
    results.add(result)
    assert result.outcome in ("passed", "failed"), result.problems
    assert (result.outcome == "failed") == bool(result.problems)
    assert "any" in "\n".join(lines(results))
    assert "any" in junit(results)
    assert ("<svg" in page(results)) == bool(result.visits.counts)


KEYS = ("version", "flows", "triggers", "fields", "groups", "globals", "ignore_triggers", "campaigns")
PARTS = st.sampled_from(["uuid", "name", "key", "flow", "trigger_type", "metadata"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PARTS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(key=st.sampled_from(KEYS), value=JSON)
@example("triggers", [{"trigger_type": []}])
@example("triggers", [{"trigger_type": "C", "flow": {"metadata": []}}])
def test_an_export_with_anything_in_any_of_its_keys_is_used_or_told(folder: Path, key: str, value: Any) -> None:
    try:
        found = written(folder, relay() | {key: value})
    except BadExport:
        return
    result = play(conversation(folder, [{"text": "hello"}]), found, "new")
    assert result.outcome in ("passed", "failed", "broken")
