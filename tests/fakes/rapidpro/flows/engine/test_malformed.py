"""Malformed definitions: every outcome is a flow that runs, or a refusal that says where; never another exception."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.rapidpro.flows.engine import Flow, FlowStore, NotAccepted, Refused, read_flow, time_out
from fakes.rapidpro.flows.engine.definitions.json_values import MAX_DEPTH
from fakes.rapidpro.versions.engines import ENGINES
from tests.fakes.rapidpro.flows.engine.building import Conversation, action, flow, node, uid
from tests.fakes.rapidpro.flows.recorded_flows import bundles

Place = tuple[Any, ...]
GENERATIONS = ("new", "9")
JUNK: tuple[Any, ...] = (
    None, True, -1, 1.5, 1 << 62, 1 << 80, "x", "", "@(", "\ud800", float("nan"), [], ["x"], [None], [5], [{}],
    {}, {"uuid": 5}, {"eng": 5}, {"eng": ["x"]}, {"\udfff": None},
)  # fmt: skip
REMOVED = object()
FEWEST_KINDS = 600
ITEM = "8eebd020-1af5-431c-b943-aa670fc74da9"


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Every place in a JSON value but its root."""
    if place:
        yield place
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield from places(value[key], (*place, key))


def kinds_of_places() -> dict[Any, tuple[Any, Place]]:
    """One place of each kind in the recorded flows: keys on the way, type of what holds it, major version."""
    found: dict[Any, tuple[Any, Place]] = {}
    for recording in bundles().values():
        for definition in recording["export"]["flows"]:
            for place in places(definition):
                holder = definition
                for key in place[:-1]:
                    holder = holder[key]
                way = tuple(key if isinstance(key, str) and len(key) < len(ITEM) else "*" for key in place)
                type_ = str(holder.get("type")) if isinstance(holder, dict) else ""
                kind = (str(definition.get("spec_version"))[:2], way, type_)
                if kind not in found or len(str(definition)) < len(str(found[kind][0])):
                    found[kind] = definition, place
    return found


def put(definition: Any, place: Place, value: Any) -> Any:
    """The definition with another value at a place, or without that place."""
    key, *further = place
    changed = definition.copy()
    if further:
        changed[key] = put(changed[key], tuple(further), value)
    elif value is REMOVED:
        del changed[key]
    else:
        changed[key] = value
    return changed


def entered_at(definition: Any, place: Place) -> Any:
    """The definition with the node of a place as its first one, so that a run comes to it."""
    if len(place) > 2 and place[0] == "nodes":
        nodes = list(definition["nodes"])
        return {**definition, "nodes": [nodes.pop(place[1]), *nodes]}
    if len(place) > 2 and place[0] in ("rule_sets", "action_sets"):
        return {**definition, "entry": definition[place[0]][place[1]].get("uuid")}
    return definition


def try_out(definition: Any, generation: Any) -> None:
    """Read it, and talk to it if it is read."""
    read: Flow | None = None
    with contextlib.suppress(Refused):
        read = read_flow(definition, ENGINES[generation])
    if read is None or read.type == "voice":
        with pytest.raises(Refused, match=r"\w"):
            Conversation(definition, generation=generation).start("hi")
        return
    assert isinstance(read.expire_after, timedelta)
    conversation = Conversation(definition, generation=generation).start("hi")
    for text in (None, "yes", "5"):
        try:
            if text is None:
                time_out(conversation.outcome.session, conversation.around)
            else:
                conversation.says(text)
        except NotAccepted:
            continue


KINDS = list(kinds_of_places().values())


def test_the_recorded_flows_have_many_kinds_of_places() -> None:
    assert len(KINDS) > FEWEST_KINDS


@pytest.mark.parametrize("value", [*JUNK, REMOVED], ids=lambda one: "removed" if one is REMOVED else ascii(one))
def test_a_value_of_another_kind_at_any_place_is_read_or_refused(value: Any) -> None:
    for definition, place in KINDS:
        broken = entered_at(put(definition, place, value), place) if len(place) > 2 else put(definition, place, value)
        for generation in GENERATIONS:
            try_out(broken, generation)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({})),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)
DEEP = st.integers(1, MAX_DEPTH).map(lambda depth: nested(depth))


def nested(depth: int) -> Any:
    found: Any = []
    for _ in range(depth):
        found = {"a": [found]}
    return found


@st.composite
def broken_flows(draw: st.DrawFn) -> Any:
    """A recorded flow with up to three places changed, removed, or repeated where they are in a list."""
    definition, _ = draw(st.sampled_from(KINDS))
    for _ in range(draw(st.integers(1, 3))):
        all_places = list(places(definition))
        if not all_places:
            break
        place = draw(st.sampled_from(all_places))
        definition = put(definition, place, draw(st.one_of(JSON, DEEP, st.just(REMOVED), st.sampled_from(JUNK))))
        lists = [one for one in places(definition) if isinstance(one[-1], int)]
        repeats: bool = draw(st.booleans())
        if lists and repeats:
            *way, index = draw(st.sampled_from(lists))
            holder = definition
            for key in way:
                holder = holder[key]
            definition = put(definition, tuple(way), [*holder, holder[index]])
    return definition


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(broken_flows(), st.sampled_from(GENERATIONS))
def test_a_flow_with_several_defects_is_read_or_refused(definition: Any, generation: Any) -> None:
    if isinstance(definition.get("uuid"), str) and definition["uuid"]:
        try_out(definition, generation)
    else:
        with pytest.raises(Refused, match="can't parse UUID"):
            FlowStore([{**definition, "metadata": None}], ENGINES[generation])


def refusal(definition: Any, generation: Any = "new") -> str:
    with pytest.raises(Refused) as caught:
        read_flow(definition, ENGINES[generation])
    return str(caught.value)


LOCALIZATION = "json: cannot unmarshal {} into Go struct field flowEnvelope.localization of type definition.{}"


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"localization": {"swa": 5}}, LOCALIZATION.format("number", "languageTranslation")),
        ({"localization": {"swa": {ITEM: ["x"]}}}, LOCALIZATION.format("array", "itemTranslation")),
        ({"_ui": {"nodes": [float("inf")]}}, "_ui.nodes[0]: expected a JSON value, got the number inf"),
        ({"metadata": {"expires": {1}}}, "metadata.expires: expected a JSON value, got set"),
        ({"_ui": nested(5000)}, f"_ui.a[0].a[0]: nested too deeply, in more than {MAX_DEPTH} levels"),
        ({"revision": 1 << 63},
         "json: cannot unmarshal number into Go struct field flowEnvelope.revision of type int"),
    ],
)  # fmt: skip
def test_what_is_no_definition_is_refused_with_its_place(changed: Any, words: str, generation: Any) -> None:
    assert refusal({**flow("F", node("n")), **changed}, generation) == words


@pytest.mark.parametrize(
    ("ruleset", "words"),
    [
        ({"rules": [{"destination": []}]},
         "unable to read legacy flow: json: cannot unmarshal array into Go struct field "
         "Flow.rule_sets.rules.destination of type string"),
        ({"rules": [{"test": {"type": "timeout", "minutes": "5"}}]},
         f"error migrating rule_set[uuid={ITEM}]: json: cannot unmarshal string into Go struct field "
         "TimeoutTest.minutes of type int"),
        ({"ruleset_type": "webhook", "config": {"webhook_headers": True}},
         f"error migrating rule_set[uuid={ITEM}]: json: cannot unmarshal bool into Go struct field "
         "Config[webhook].webhook_headers of type object"),
    ],
)  # fmt: skip
def test_a_legacy_rule_set_of_wrong_types_is_refused_with_its_place(ruleset: Any, words: str) -> None:
    legacy = {"base_language": "eng", "flow_type": "M", "rule_sets": [{"uuid": ITEM, **ruleset}], "action_sets": []}
    assert refusal(legacy).removeprefix("error migrating what appears to be a legacy definition: ") == words


@pytest.mark.parametrize("generation", GENERATIONS)
def test_half_a_surrogate_pair_and_a_null_text_are_read_as_go_reads_them(generation: Any) -> None:
    mail = action("send_email", addresses=["a@example.org", None], subject="\ud83d!", body="b")
    read = read_flow(flow("F", node("n", mail)), ENGINES[generation])
    assert read.nodes[0].actions[0].texts("addresses") == ["a@example.org", ""]
    assert read.nodes[0].actions[0].text("subject") == "\ufffd!"
    assert read.uuid == uid("flow F")
