"""Reading flows: refusals with their place, and writing them again."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from fakes.rapidpro.flows.engine import Refused, flow_json, read_flow
from fakes.rapidpro.versions.engines import ENGINES
from tests.fakes.rapidpro.flows.engine.building import SPECS, action, flow, node, say, split, uid
from tests.fakes.rapidpro.flows.recorded_flows import bundles

JSON = "json: cannot unmarshal "
NEW, OLD = ENGINES["new"], ENGINES["9"]


def whole(spec: str) -> dict[str, Any]:
    ask = split(
        "ask", "@input.text", [("has_any_word", ["yes"], "Yes")], {"Silent": None, "Yes": "b", "Other": None}, seconds=5
    )
    call = action("call_webhook", method="POST", url="https://x.example.org", headers={"X-Id": "1"}, body="@run.uuid")
    return flow("Whole", node("a", say("Hi", quick_replies=["Yes"]), call, to="ask"), ask, node("b"), spec=spec)


def change(edit: Callable[[dict[str, Any]], Any], spec: str = "14.4.2") -> dict[str, Any]:
    definition = copy.deepcopy(whole(spec))
    edit(definition)
    return definition


def refusal(definition: Any, rules: Any = NEW) -> str:
    with pytest.raises(Refused) as caught:
        read_flow(definition, rules)
    return str(caught.value)


@pytest.mark.parametrize("generation", ["new", "9"])
def test_what_is_written_reads_the_same(generation: Any) -> None:
    read = read_flow(whole(SPECS[generation]), ENGINES[generation])
    assert read_flow(flow_json(read), ENGINES[generation]) == read


def test_every_recorded_flow_that_is_read_is_the_same_after_writing_it() -> None:
    count = 0
    for recording in bundles().values():
        for definition in recording["export"]["flows"]:
            for rules in ENGINES.values():
                try:
                    read = read_flow(definition, rules)
                except Refused:
                    continue
                count += 1
                assert read_flow(flow_json(read), rules) == read
    assert count > 400


def put(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def edit(definition: Any) -> None:
        for key in path[:-1]:
            definition = definition[key]
        definition[path[-1]] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (put("nodes", 1, value=None), "field 'nodes[1]' is required"),
        (put("nodes", 0, "exits", 0, value=None), "unable to read node: field 'exits[0]' is required"),
        (put("nodes", 0, "actions", 1, value=None), "unable to read action[1]: field 'type' is required"),
        (put("nodes", value={}), JSON + "object into Go struct field flowEnvelope.nodes of type object"),
        (put("nodes", 0, value=5), JSON + "number into Go struct field flowEnvelope.nodes of type object"),
        (put("nodes", 0, "actions", 0, "text", value=True),
         f"unable to read action[0]: {JSON}bool into Go struct field SendMsg.createMsgAction.text of type string"),
        (put("nodes", 0, "actions", 0, "text", value="x" * 10_001),
         "unable to read action[0]: field 'text' must be less than or equal to 10000"),
        (put("nodes", 0, "actions", 1, "headers", value={"X Y": "1"}),
         f"invalid node[uuid={uid('a')}]: invalid action[uuid={whole('')['nodes'][0]['actions'][1]['uuid']}, "
         "type=call_webhook]: header 'X Y' is not a valid HTTP header"),
        (put("nodes", 0, "actions", 1, "headers", value={str(n): "" for n in range(11)}),
         "unable to read action[1]: field 'headers' must be less than or equal to 10"),
        (put("nodes", 1, "router", "categories", 0, "uuid", value=""),
         "unable to read router: unable to read category: field 'uuid' is required"),
        (put("nodes", 1, "router", "cases", value=[{"uuid": "x", "type": "has_text", "category_uuid": "y"}]),
         f"invalid node[uuid={uid('ask')}]: invalid router: invalid case[uuid=x]: category y is not a valid category"),
        (put("localization", value={"vvv": {}}), "invalid localization: invalid language code 'vvv'"),
        (put("localization", value={"swa": {"x": {}}}),
         "invalid localization: invalid translation for 'swa': invalid item uuid 'x'"),
        (put("_ui", value="x" * 262_143), "flow UI can't be larger than 262144 bytes (is 262145)"),
        (put("nodes", value=[node(str(n)) for n in range(1001)]), "flow can't have more than 1000 nodes (has 1001)"),
        (put("spec_version", value=14),
         f"unable to read flow header: {JSON}number into Go struct field .spec_version of type string"),
    ],
)  # fmt: skip
def test_a_defect_is_refused_with_its_place(edit: Any, words: str) -> None:
    assert refusal(change(edit)) == words


@pytest.mark.parametrize("definition", [None, 5, "flow", [], [{}]])
def test_what_is_no_object_is_refused(definition: Any) -> None:
    assert refusal(definition) == "flow definition isn't an object"


def test_9_has_no_limits_of_lengths() -> None:
    long = change(put("nodes", 0, "actions", 0, "text", value="x" * 10_001), spec="13.2.0")
    assert read_flow(long, OLD).nodes[0].actions[0].text("text") == "x" * 10_001


def test_9_refuses_upper_case_uuids_and_new_takes_them() -> None:
    loud = change(put("nodes", 2, "uuid", value=uid("c").upper()), spec="13.2.0")
    loud["nodes"][1]["exits"][1]["destination_uuid"] = None
    assert read_flow(loud, NEW)
    assert refusal(loud, OLD) == "unable to read node: field 'uuid' must be a valid UUID4"


@pytest.mark.parametrize(
    ("references", "words"),
    [
        ([{"uuid": uid("g"), "name_match": "@x"}], "field 'groups[0].uuid' is mutually exclusive with 'name_match'"),
        ([{"name": "Mothers"}], "field 'groups[0].uuid' is mutually exclusive with 'name_match'"),
        ([{"uuid": "x"}], "field 'groups[0].uuid' must be a valid UUID"),
    ],
)
def test_references_are_fixed_or_variable(references: Any, words: str) -> None:
    definition = flow("F", node("n", action("add_contact_groups", groups=references)))
    assert refusal(definition).startswith(f"unable to read action[0]: {words}")


def test_a_definition_nested_too_deeply_is_refused_where_it_is_used() -> None:
    from fakes.rapidpro.flows.engine import FlowStore

    deep: Any = {}
    for _ in range(900):
        deep = {"a": deep}
    store = FlowStore([{**whole("13.2.0"), "metadata": deep}], NEW)
    with pytest.raises(Refused, match="nested too deeply"):
        store.get(uid("flow Whole"))
