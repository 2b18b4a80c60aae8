"""The engine's expressions, rule by rule: syntax, conversions, functions, router tests, errors."""

import json
from typing import Any

import pytest

from fakes.rapidpro.flows.expressions import Evaluated, env_from_json, evaluate
from tests.fakes.rapidpro.flows.expressions.rules import FAILING, RULES
from tests.folders import GOLDEN

RECORDED = json.loads((GOLDEN / "flows/expressions.json").read_text(encoding="utf-8"))
SMS = RECORDED["contexts"]["sms"]
GENERATIONS = ("new", "9")


def evaluated(template: str, generation: Any, **patch: Any) -> Evaluated:
    return evaluate(template, {**SMS, **patch}, env_from_json(RECORDED["env"], generation), generation=generation)


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(("template", "expected"), RULES, ids=[template for template, _ in RULES])
def test_a_rule_gives_what_it_says(template: Any, expected: Any, generation: Any) -> None:
    assert evaluated(template, generation).text == expected


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("expression", FAILING)
def test_an_expression_without_a_value_leaves_a_gap_and_one_error(expression: Any, generation: Any) -> None:
    outcome = evaluated(f"[@({expression})] @(1)", generation)
    assert len(outcome.errors) == 1
    assert outcome.text == "[] 1"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_without_an_input_the_body_for_cht_is_empty_and_one_error_is_reported(generation: Any) -> None:
    body = '@(json(object("id", run.uuid, "from", replace(urns.tel, "tel:+", "+"), "content", input.text)))'
    outcome = evaluated(body, generation, input=None)
    assert outcome.text == ""
    assert outcome.errors == ("error calling json(...): error calling object(...): null doesn't support lookups",)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_body_for_cht_has_its_keys_in_order_whatever_the_text_holds(generation: Any) -> None:
    body = '@(json(object("id", run.uuid, "from", replace(urns.tel, "tel:+", "+"), "content", input.text)))'
    said = '"a\\b"\n\t</é👶>\u2028\x01'
    text = evaluated(body, generation, input={"text": said}).text
    assert text.startswith('{"content":"\\"a\\\\b\\"\\n\\t</é👶>\\u2028\\u0001","from":"+254712345678","id":"')
    assert json.loads(text)["content"] == said


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("contact.nope", "object has no property 'nope'"),
        ("nope", "context has no property 'nope'"),
        ("null & (null).x", "null doesn't support lookups"),
        ("input.text.x", '"R JINA 12" doesn\'t support lookups'),
        ("array(1)[1]", "index 1 out of range for 1 items"),
        ('upper("a", lower(1 / 0))', "error calling upper(...): need 1 argument(s), got 2"),
        ("upper(lower(1 / 0))", "error calling upper(...): error calling lower(...): division by zero"),
        ('regex_match("a", "(")', "error calling regex_match(...): invalid regular expression"),
        ('has_pattern("a", "(")', "error calling has_pattern(...): must be called with a valid regular expression"),
        ("char(99999999999)", "error calling char(...): number value 99999999999 is out of range for an integer"),
        ('has_category(contact, "x")', "error calling has_category(...): first argument must be a result"),
        ("array(1)[" + "(" * 100 + "0" + ")" * 100 + "]", "expression nesting too deep"),
    ],
)
def test_an_error_is_worded_as_the_engine_words_it(expression: Any, message: Any) -> None:
    assert evaluated(f"@({expression})", "new").errors == (message,)


def test_only_some_functions_absorb_errors() -> None:
    for expression, text in (("default(1/0, 1)", "1"), ("is_error(1/0)", "true"), ("if(true, 1, 1/0)", "1")):
        assert evaluated(f"@({expression})", "new") == Evaluated(text)
    assert evaluated("@(has_error(1/0).match)", "new") == Evaluated("division by zero")


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("depth", [1, 50, 99])
def test_brackets_can_be_nested_a_hundred_deep(depth: Any, generation: Any) -> None:
    assert evaluated("@(" + "(" * depth + "1" + ")" * depth + ")", generation) == Evaluated("1")
    nested = "upper(" * depth + '"a"' + ")" * depth
    assert evaluated(f"@({nested})", generation) == Evaluated("A")


@pytest.mark.parametrize(
    ("template", "new", "old"),
    [
        ('@(format_urn("tel:+254712345678#Bob"))', "Bob", "0712 345678"),
        ('@(has_number("+5"))', "false", "true"),
        ('@(time("24:05"))', "", "00:05:00.000000"),
        ('@(datetime("2026-03-04 23:60"))', "2026-03-04T00:00:00.000000+03:00", "2026-03-05T00:00:00.000000+03:00"),
        ('@(count(split(repeat("x ", 5000) & repeat("x ", 5001))))', "", "10001"),
    ],
)
def test_the_generations_differ_here(template: Any, new: Any, old: Any) -> None:
    assert evaluated(template, "new").text == new
    assert evaluated(template, "9").text == old


@pytest.mark.parametrize(
    "template",
    [
        "@(foreach(big, (x) => big))",
        "@(json(foreach(big, (x) => big)))",
        "@(format(foreach(big, (x) => big)))",
        '@(filter(big, (x) => contains(big, x & "?")))',
        "@(foreach(big, (x) => text_length(big)))",
        "@(" + "((x) => array(x, x))(" * 40 + "1" + ")" * 40 + ")",
        "@(" + "1+" * 200_000 + "1)",
        '@(((f, x) => f(f, x & x))((f, x) => f(f, x & x), "a"))',
    ],
)
@pytest.mark.parametrize("absorber", ["{}", "@(default({}, 1))"])
def test_an_evaluation_that_would_take_too_long_ends_with_an_error_that_cannot_be_absorbed(
    template: Any, absorber: Any
) -> None:
    expression = template if absorber == "{}" else absorber.format(template[2:-1])
    outcome = evaluated(expression, "new", big=[str(i) for i in range(5_000)])
    assert outcome == Evaluated("", ("expression is too complex to evaluate",))


def test_many_objects_are_made_unique_in_one_pass() -> None:
    things = [{"k": i % 4_000} for i in range(9_000)]
    assert evaluated("@(count(unique(things)))", "new", things=things) == Evaluated("4000")


def test_a_number_too_large_for_the_engine_is_an_error_where_it_is_used() -> None:
    answer = json.loads('{"json": {"ok": 1, "n": 1e999}}')
    assert evaluated("@webhook.json.ok @webhook.json.n", "new", webhook=answer) == Evaluated(
        "1 ", ("number value out of range",)
    )


def test_a_part_of_the_context_is_made_once_and_only_if_an_expression_asks_for_it() -> None:
    asked: list[str] = []

    def made(name: str, value: Any) -> Any:
        def make() -> Any:
            asked.append(name)
            return value

        return make

    run = {"__default__": "Amina", "uuid": "u", "contact": made("contact", {"name": "Amina"}), "path": made("path", [])}
    assert evaluated("@run @run.uuid", "new", run=run).text == "Amina u"
    assert asked == []
    assert evaluated('@RUN.Contact.NAME @(run["contact"].name) @(json(run.contact))', "new", run=run).text == (
        'Amina Amina {"name":"Amina"}'
    )
    assert asked == ["contact"]
    assert evaluated("@(json(run))", "new", run=run).text == '{"contact":{"name":"Amina"},"path":[],"uuid":"u"}'
