"""Older definitions in the newest specification."""

from typing import Any

import pytest

from fakes.rapidpro.flows.engine import flow_json, read_flow
from fakes.rapidpro.flows.engine.legacy.templates import current_template
from fakes.rapidpro.flows.expressions.rewriting import cut_lookups, rename_name
from fakes.rapidpro.versions.engines import ENGINES
from tests.fakes.rapidpro.flows.engine.building import Conversation, action, flow, node, say, split


def migrated(*nodes: dict[str, Any], **values: Any) -> dict[str, Any]:
    return flow_json(read_flow(flow("F", *nodes, spec="13.0.0", **values), ENGINES["new"]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@webhook", "@webhook.json"),
        ("@webhook.a.b", "@webhook.json.a.b"),
        ("@WEBHOOK.a", "@webhook.json.a"),
        ("@(webhook.a & results.webhook)", "@(webhook.json.a & results.webhook)"),
        ("@(webhook[\"webhook\"])", "@(webhook.json[\"webhook\"])"),
        ("@@webhook me@webhook.org @(\"webhook\")", "@@webhook me@webhook.json.org @(\"webhook\")"),
        ("@(webhook. ) @(webhook", "@(webhook. ) @(webhook"),
    ],
)  # fmt: skip
def test_webhook_becomes_webhook_json(old: str, new: str) -> None:
    assert migrated(node("n", say(old)))["nodes"][0]["actions"][0]["text"] == new


def test_lookups_are_cut_like_the_names_of_results() -> None:
    assert (
        cut_lookups("upper(results." + "a" * 70 + ".value)", "results", 64) == "upper(results." + "a" * 64 + ".value)"
    )
    assert cut_lookups("x.results." + "a" * 70, "results", 64) == "x.results." + "a" * 70
    assert rename_name("(", "a", "b") == "("


@pytest.mark.parametrize("operand", ["@results.r.category", "@webhook.json.status", "@webhook.status"])
def test_webhook_nodes_split_on_the_status(operand: str) -> None:
    call = action("call_webhook", method="GET", url="https://x.example.org", result_name="R")
    cases = [("has_only_text", ["Success"], "Success")]
    found = migrated(split("n", operand, cases, {"Success": None, "Failure": None}, call))["nodes"][0]["router"]
    assert found["operand"] == "@(default(webhook.status, 0))"
    assert [(one["type"], one["arguments"]) for one in found["cases"]] == [("has_number_between", ["200", "299"])]


def test_names_are_cut_and_missing_ones_are_filled_in() -> None:
    result = action("set_run_result", name="n" * 70, value="1", category="c" * 50)
    found = migrated(split("s", "@input", [], {"x" * 50: None}, result, result="r" * 70))
    router = found["nodes"][0]["router"]
    assert (len(router["result_name"]), len(router["categories"][0]["name"])) == (64, 36)
    assert len(found["nodes"][0]["actions"][0]["category"]) == 36


@pytest.mark.parametrize(("minutes", "kept"), [(0, 0), (60, 60), (99_999, 20_160), (-5, -5)])
def test_expiries_are_limited(minutes: int, kept: int) -> None:
    assert migrated(node("n"), expire_after_minutes=minutes)["expire_after_minutes"] == kept


def test_arguments_of_one_test_are_joined() -> None:
    cases = [("has_any_word", ["yes", "ok"], "Yes")]
    found = migrated(split("s", "@input", cases, {"Yes": None, "Other": None}))
    assert found["nodes"][0]["router"]["cases"][0]["arguments"] == ["yes ok"]


@pytest.mark.parametrize("spec", ["13.0.0", "13.2.0", "13.6.1", "14.0.0", "14.4.2"])
@pytest.mark.parametrize("broken", [
    {"nodes": [{"actions": 5}]}, {"nodes": [{"router": []}]}, {"localization": []}, {"nodes": [[]]}, {"nodes": 7},
    {"localization": {"eng": {"x": 1}}},
    {"nodes": [{"actions": [{"type": "send_msg", "templating": {}}], "exits": []}]},
])  # fmt: skip
def test_migrations_survive_definitions_that_are_broken(spec: str, broken: dict[str, Any]) -> None:
    from fakes.rapidpro.flows.engine import Refused

    with pytest.raises(Refused):
        read_flow(flow("F", spec=spec, **{"language": "", **broken}), ENGINES["new"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Hi @contact.first_name", "Hi @contact.first_name"),
        ("@step.value @step.text", "@input @input.text"),
        ("@contact.age", "@fields.age"),
        ("@flow.age.category", "@results.age.category_localized"),
        ("@extra.flow.age", "@parent.results.age"),
        ("@extra.items.0.name", "@(legacy_extra.items[\"0\"].name)"),
        ("@date.today", "@(format_date(today()))"),
        ("@(date.today + 3)", "@(format_date(datetime_add(format_date(today()), 3, \"D\")))"),
        ("@(flow.age + 1)", "@(legacy_add(results.age, 1))"),
        ("@(1 + 2 * -3)", "@(legacy_add(1, 2 * -3))"),
        ("@(PROPER(contact.name) & \"a\"\"b\")", "@(title(contact.name) & \"a\\\"b\")"),
        ("@(WORD(step.value, 2))", "@(word(input, 1))"),
        ("@(IF(flow.age <> 5, TRUE(), false))", "@(if(results.age != 5, true, false))"),
        ("@(LEFT(a))", "@()"),
        ("@(1 +)", "@(1 +)"),
        ("me@example.org @@x @(\"\")", "me@example.org @@x "),
        ("@(" + "(" * 300 + "1" + ")" * 300 + ")", "@(" + "(" * 300 + "1" + ")" * 300 + ")"),
    ],
)  # fmt: skip
def test_legacy_templates(old: str, new: str) -> None:
    assert current_template(old) == new


def legacy(kind: str, config: dict[str, Any], rules: list[tuple[dict[str, Any], str]], **values: Any) -> dict[str, Any]:
    from tests.fakes.rapidpro.flows.engine.building import uid

    rule_set = {
        "uuid": uid("rules"), "ruleset_type": kind, "label": "Answer", "operand": "@step.value", "config": config,
        "y": 0, "rules": [
            {"uuid": uid(f"rule {n}"), "category": {"eng": name}, "destination": uid("end"), "test": test}
            for n, (test, name) in enumerate(rules)
        ], **values,
    }  # fmt: skip
    end = {"uuid": uid("end"), "exit_uuid": uid("end exit"), "y": 1, "actions": [
        {"type": "reply", "uuid": uid("reply"), "msg": {"eng": "@flow.answer.category @flow.answer"}},
    ]}  # fmt: skip
    return {
        "uuid": uid("flow legacy"), "base_language": "eng", "flow_type": "F", "version": "11.12",
        "metadata": {"uuid": uid("flow legacy"), "name": "Legacy"}, "entry": uid("rules"),
        "rule_sets": [rule_set], "action_sets": [end],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "config", "test", "text", "told"),
    [
        ("wait_message", {}, {"type": "starts", "test": {"eng": "R"}}, "R 12", "Yes R"),
        ("wait_message", {}, {"type": "between", "min": 1, "max": "5"}, "4", "Yes 4"),
        ("wait_message", {}, {"type": "regex", "test": {"eng": "^a+$"}}, "AAA", "Yes AAA"),
        ("wait_message", {}, {"type": "not_empty"}, "x", "Yes x"),
        ("wait_digits", {}, {"type": "eq", "test": 7}, "7", "Yes 7"),
        ("form_field", {"field_delimiter": "+", "field_index": 1}, {"type": "contains", "test": "b"}, "a+b", "Yes b"),
        ("expression", {}, {"type": "gt", "test": "3"}, "5", "Yes 5"),
        ("contact_field", {}, {"type": "lte", "test": "3"}, "5", "Other 5"),
    ],
)
@pytest.mark.parametrize("generation", ["new", "9"])
def test_legacy_rule_sets_run(
    generation: Any, kind: str, config: dict[str, Any], test: dict[str, Any], text: str, told: str
) -> None:
    definition = legacy(kind, config, [(test, "Yes"), ({"type": "true"}, "Other")])
    assert Conversation(definition, generation=generation).start(text).texts() == [told]
