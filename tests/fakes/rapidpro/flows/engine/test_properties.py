"""Properties: any valid flow runs without a crash and within the engine's limits."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.rapidpro.flows.engine import (
    Answer,
    NoConnection,
    NotAccepted,
    expire,
    flow_json,
    read_flow,
    time_out,
)
from fakes.rapidpro.versions.engines import ENGINES
from tests.fakes.rapidpro.flows.engine.building import (
    GROUPS,
    SPECS,
    Conversation,
    action,
    flow,
    node,
    split,
    uid,
)

RUN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
GENERATIONS = st.sampled_from(["new", "9"])
TEXTS = st.sampled_from([
    "plain", "@contact", "@results.a", "@(1/0)", "@webhook", "@child.status @parent.results", "@(upper(input.text))",
    "@(json(contact))", "@legacy_extra", "@run.path", "@", "@(", "é 😀", "x" * 700, "@globals @node @trigger @resume",
])  # fmt: skip
NAMES = st.sampled_from("abc")


def steps() -> st.SearchStrategy[dict[str, Any]]:
    """One action."""
    mothers = {"uuid": GROUPS[0].uuid, "name": "Mothers"}
    return st.one_of(
        TEXTS.map(lambda text: action("send_msg", text=text, quick_replies=[text])),
        st.builds(lambda n, v: action("set_run_result", name=n, value=v, category=""), NAMES, TEXTS),
        TEXTS.map(lambda text: action("set_contact_name", name=text)),
        TEXTS.map(lambda text: action("set_contact_field", field={"key": "age", "name": "Age"}, value=text)),
        TEXTS.map(lambda text: action("set_contact_language", language=text)),
        TEXTS.map(lambda text: action("add_contact_urn", scheme="tel", path=text)),
        TEXTS.map(lambda text: action("call_webhook", method="POST", url="https://x.example.org/" + text, body=text)),
        TEXTS.map(lambda text: action("send_email", addresses=[text], subject=text, body=text)),
        TEXTS.map(lambda text: action("send_broadcast", text=text, legacy_vars=[text])),
        st.sampled_from("FG").map(lambda name: action("enter_flow", flow={"uuid": uid(f"flow {name}"), "name": name})),
        st.sampled_from(["active", "stopped"]).map(lambda status: action("set_contact_status", status=status)),
        st.just(action("add_contact_groups", groups=[mothers])),
        st.just(action("remove_contact_groups", all_groups=True)),
    )


TESTS = st.sampled_from([
    ("has_text", []), ("has_any_word", ["plain x"]), ("has_number_lt", ["@(1/0)"]), ("has_pattern", ["(a+)+$"]),
    ("has_category", ["x"]), ("has_group", [GROUPS[0].uuid]), ("has_date_gt", ["@(now())"]), ("has_error", []),
    ("has_phone", ["KE"]), ("has_text", ["too", "many"]), ("has_ward", ["a", "b"]), ("has_only_phrase", ["@contact"]),
])  # fmt: skip


INPUTS = st.sampled_from(["plain", "7", "", "timeout", "expire"])


@st.composite
def flows(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A valid flow: a few nodes that lead to one another in any way, cycles without waits among them."""
    count = draw(st.integers(1, 5))
    ways = st.one_of(st.none(), st.integers(0, count - 1).map(lambda number: f"{name}{number}"))
    nodes = []
    for number in range(count):
        actions = _numbered(draw(st.lists(steps(), max_size=3)), f"{name}{number}")
        if draw(st.booleans()):
            nodes.append(node(f"{name}{number}", *actions, to=draw(ways)))
        else:
            cases = [(test, arguments, "Yes") for test, arguments in draw(st.lists(TESTS, max_size=3))]
            nodes.append(split(
                f"{name}{number}", draw(TEXTS.filter(bool)), cases,
                {"Silent": draw(ways), "Yes": draw(ways), "Other": draw(ways)}, *actions,
                seconds=draw(st.sampled_from([None, 60])), result=draw(st.sampled_from(["", "a", "B c"])),
            ))  # fmt: skip
    return flow(name, *nodes)


def _numbered(actions: list[dict[str, Any]], place: str) -> list[dict[str, Any]]:
    return [{**one, "uuid": uid(f"{place} {number}")} for number, one in enumerate(actions)]


@RUN
@given(flows("F"), flows("G"), GENERATIONS, st.lists(INPUTS, max_size=6))
def test_any_valid_flow_runs_within_the_limits(first: Any, second: Any, generation: Any, inputs: list[str]) -> None:
    rules = ENGINES[generation]
    answers: list[Answer | Exception] = [Answer(200, {}, b'{"a":[1]}'), NoConnection(), Answer(500, {}, b"x")]
    conversation = Conversation(first, second, generation=generation, answers=answers).start("plain")
    outcomes = [conversation.outcome]
    for text in inputs:
        session = outcomes[-1].session
        try:
            if text in ("timeout", "expire"):
                outcomes.append((time_out if text == "timeout" else expire)(session, conversation.around))
            else:
                conversation.says(text)
                outcomes.append(conversation.outcome)
        except NotAccepted:
            continue
        conversation.last = outcomes[-1]
    for outcome in outcomes:
        entered = sum(1 for event in outcome.events if event.type == "node_entered")
        assert entered <= rules.max_steps
        assert outcome.session.status in ("waiting", "completed", "failed")
        waiting = [run for run in outcome.session.runs if run.status == "waiting"]
        assert len(waiting) == (1 if outcome.session.status == "waiting" else 0)
        assert all(len(one.value) <= 640 for run in outcome.session.runs for one in run.results.values())


@RUN
@given(flows("F"), GENERATIONS)
def test_reading_writing_and_reading_again_is_the_same(definition: Any, generation: Any) -> None:
    rules = ENGINES[generation]
    read = read_flow({**definition, "spec_version": SPECS["9"]}, rules)
    assert read_flow(json.loads(json.dumps(flow_json(read))), rules) == read
