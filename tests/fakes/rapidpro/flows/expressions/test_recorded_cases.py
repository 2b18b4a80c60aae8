"""Flow expressions: the recorded cases, the rules behind them, and hostile inputs."""

import io
import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fakes.rapidpro.flows.eval import run
from fakes.rapidpro.flows.expressions import Env, env_from_json, evaluate, evaluate_value
from fakes.rapidpro.flows.expressions.values import ErrorValue
from tests.folders import GOLDEN

RECORDED = json.loads((GOLDEN / "flows/expressions.json").read_text(encoding="utf-8"))
CASES = RECORDED["cases"]
SMS = RECORDED["contexts"]["sms"]


def env(**changes: Any) -> Any:
    given = {
        "now": datetime(2026, 3, 4, 5, 6, 7, 250000, tzinfo=UTC),
        "timezone": ZoneInfo("Africa/Nairobi"),
        "country": "KE",
    }
    return Env(**{**given, **changes})


def text(template: Any, context: Any = SMS, **options: Any) -> Any:
    return evaluate(template, context, env(), **options).text


def errors(template: Any, context: Any = SMS, **options: Any) -> Any:
    return evaluate(template, context, env(), **options).errors


@pytest.mark.parametrize("generation", ["new", "9"])
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_recorded_case_comes_out_as_recorded(case: Any, generation: Any) -> None:
    context = {**RECORDED["contexts"][case["context"]], **case.get("patch", {})}
    outcome = evaluate(case["template"], context, env_from_json(RECORDED["env"], generation), generation=generation)
    assert (outcome.text, bool(outcome.errors)) == (case["expected"], case["error"])
    if generation == "new":
        assert list(outcome.errors) == case.get("error_messages", [])


def test_there_are_as_many_recorded_cases_as_the_document_says() -> None:
    assert len(CASES) == 89


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("@@@contact", "@Amina Otieno"),
        ("a@contact.name@run.status.", "aAmina Otienoactive."),
        ("@contact.urns[0]", "[tel:+254712345678][0]"),
        ('@("a" & "\\u00e9" & "\\x41\\101")', "aéAA"),
        ('@("\\q\\n")', "\\q\\n"),
        ("@(-2 ^ 2)", "4"),
        ("@(--3)", "3"),
        ("@(2 ^ 3 ^ 2)", "64"),
        ("@(10 - 2 - 3)", "5"),
        ("@(2/3)", "0.6666666666666667"),
        ("@(-2/3)", "-0.6666666666666667"),
        ("@(2 ^ -1)", "0.5"),
        ("@(((x, y) => x & y)(1, 2))", "12"),
        ("@(((contact) => contact)(1)) @contact", "1 Amina Otieno"),
        ("@(text)", "text"),
        ("@(array(upper)[0](\"a\"))", "A"),
        ("@contact.groups.0", "CHW North"),
        ("@(contact.groups[-1].NAME)", "CHW North"),
        ("@(count(contact))", "10"),
        ('@(json("\u2028/<"))', '"\\u2028/<"'),
        ('@(json(object("B", 1, "a", 2, "10", 3, "9", 4, "é", upper)))', '{"10":3,"9":4,"B":1,"a":2,"é":null}'),
        ('@(format_datetime("2026-03-04T00:30:00Z", "EEEE D MMMM YYYY h:mm AA ZZZ"))',
         "Wednesday 4 March 2026 3:30 AM +03:00"),
        ('@(epoch("2026-03-04T05:06:07.123456789Z"))', "1772600767.123456789"),
        ('@(format_datetime("2026-03-04T05:06:07.123456789Z", "s.fffffffff"))', "7.123456789"),
        ('@(date("9/2/27"))', "1927-02-09"),
        ('@(datetime("9/2/26"))', "2026-02-09T00:00:00.000000+03:00"),
        ('@(datetime_add("2024-02-29", 1, "Y"))', "2025-03-01T00:00:00.000000+03:00"),
        ('@(time("5:05 pm")) @(time_from_parts(1, 2, 3))', "17:05:00.000000 01:02:03.000000"),
        ('@(default(1/0, default(null, "z")))', "z"),
        ('@(has_error(1/0).match)', "division by zero"),
        ('@(has_phone("call 0712345678").match)', "+254712345678"),
        ('@(has_category(object("name", "Relay", "value", "503", "category", "Failure", "created_on", now()),'
         ' "Success", "Failure").match)', "Failure"),
        ('@(regex_match("a\\nb1", "^b(\\d)$", 1))', "1"),
    ],
)  # fmt: skip
def test_a_rule_of_the_language_holds(template: Any, expected: Any) -> None:
    outcome = evaluate(template, SMS, env())
    assert outcome.text == expected
    assert outcome.errors == ()


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("@(1.1.0)", "syntax error at .0"),
        ('@("abc".v)', "syntax error at .v"),
        ("@(NULL.x)", "syntax error at .x"),
        ("@('x')", "syntax error at 'x'"),
        ("@(0 / )", "syntax error at "),
        ("@()", "syntax error at "),
        ("@(1 2)", "syntax error at 2"),
        ("@(FOO())", "context has no property 'foo'"),
        ("@(contact())", "contact is not a function"),
        ("@(true < 1)", "unable to convert true to a number"),
        ("@(1 + null)", "unable to convert null to a number"),
        ("@((1).x)", "1 doesn't support lookups"),
        ("@(array(1/0))", "error calling array(...): division by zero"),
        ("@(upper(1, 2))", "error calling upper(...): need 1 argument(s), got 2"),
        ('@(object("a", 1).b)', "object has no property 'b'"),
    ],
)
def test_an_expression_that_fails_writes_nothing_and_says_why(template: Any, message: Any) -> None:
    outcome = evaluate(f"[{template}]", SMS, env())
    assert outcome.text == "[]"
    assert outcome.errors == (message,)


@pytest.mark.parametrize(
    ("template", "new", "old"),
    [
        ("@(2 ^ 0.5)", "1.4142136", "1.4142135623730951"),
        ('[@(trim(" a ", ""))]', "[ a ]", "[a]"),
        ('@(date("31-02-2026"))', "", "2026-03-03"),
        ("@(2 ^ 200 / 2 ^ 200)", "", "1"),
        ('@(text_length(repeat("a", 10001)))', "", "10001"),
        ("@(slice(array(1, 2), 1))", "[2]", ""),
        ("@(1234567890123456789012345678901234567)", "", "1234567890123456789012345678901234567"),
    ],
)
def test_the_two_generations_differ_where_expected(template: Any, new: Any, old: Any) -> None:
    assert text(template) == new
    assert text(template, generation="9") == old


def test_a_result_longer_than_ten_thousand_characters_is_cut() -> None:
    long = "é" * 10_001
    assert text(long) == "é" * 9_997 + "..."
    assert text("é" * 10_000) == "é" * 10_000
    assert text(long, limit=None) == long


def test_a_template_that_is_one_expression_keeps_its_type() -> None:
    value = evaluate_value(" @webhook.status ", SMS, env())
    assert value == 200
    assert not isinstance(value, str)
    assert evaluate_value("@webhook.status!", SMS, env()) == "200!"
    assert isinstance(evaluate_value("@results.nope", SMS, env()), ErrorValue)


@pytest.mark.parametrize(
    "template",
    [
        "@(" + "(" * 5000 + "1" + ")" * 5000 + ")",
        "@(" + "-" * 9000 + "1)",
        "@(" + "1+" * 4000 + "1)",
        "@(" + "a" + ".b" * 4000 + ")",
        "@(" + "upper(" * 900 + '"a"' + ")" * 900 + ")",
        "@(9 ^ 9 ^ 9 ^ 9)",
        "@(1000000000 ^ 1000000000)",
        '@(repeat("x", 2000000000))',
        '@(foreach(split(repeat("x ", 500), " "), (a) => foreach(split(repeat("x ", 500), " "), (b) =>'
        ' foreach(split(repeat("x ", 500), " "), (c) => 1))))',
        '@(regex_match(repeat("a", 5000) & "!", "(a+)+$"))',
        '@(regex_match("x", repeat("(", 500)))',
        '@(parse_json(repeat("[", 9000)))',
        "@(\x00)@(\ud800)@contact\x00",
        '@(char(-1))@(char(99999999999))@(datetime_add(now(), 2000000000, "Y"))',
        "@(datetime_from_epoch(99999999999999999999))@(date_from_parts(0, 0, 0))",
        '@(format_number(1, 99))@(round(1.5, 999999999))@(percent("1" & repeat("0", 99)))',
    ],
)
@pytest.mark.parametrize("generation", ["new", "9"])
def test_a_hostile_template_ends_quickly_and_without_an_exception(template: Any, generation: Any) -> None:
    evaluate(template, SMS, env(), generation=generation)


def test_the_same_seed_gives_the_same_random_numbers() -> None:
    given = {"seed": 7}
    first, second = (evaluate("@(rand()) @(rand_between(1, 6))", {}, env_from_json(given)) for _ in range(2))
    assert first == second
    assert first != evaluate("@(rand()) @(rand_between(1, 6))", {}, env_from_json({"seed": 8}))


def lines_out(*lines: Any) -> Any:
    out = io.StringIO()
    status = run(lines, out)
    return status, [json.loads(line) for line in out.getvalue().splitlines()]


def test_eval_answers_each_line_with_a_line() -> None:
    asked = {"template": "@(upper(name)) @(1/0)", "context": {"name": "amina"}, "env": RECORDED["env"]}
    status, answers = lines_out(json.dumps(asked).encode(), b"\n", b'{"template": "plain"}')
    assert status == 0
    assert answers == [{"text": "AMINA ", "errors": ["division by zero"]}, {"text": "plain", "errors": []}]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"{", "the line is not JSON"),
        (b"[]", "expected a JSON object, got a list"),
        (b"\xff", "the line is not UTF-8"),
        (b"{}", "template must be a text, got null"),
        (b'{"template": 1}', "template must be a text, got a number"),
        (b'{"template": "", "context": []}', "context must be an object, got a list"),
        (b'{"template": "", "env": {"timezone": "Cuenca"}}', "unknown time zone 'Cuenca'"),
        (b'{"template": "", "env": {"date_format": "X"}}', "env.date_format must be one of"),
        (b'{"template": "", "env": {"now": "soon"}}', "Invalid isoformat string"),
        (b'{"template": "", "context": {"a": {"$datetime": 1}}}', "expected an ISO 8601 time"),
        (b'{"template": "", "generation": "8"}', "generation must be"),
        (b'{"template": "", "tempalte": ""}', "unknown key 'tempalte'"),
        (b"[" * 100_000, "the line is"),
    ],
)
def test_an_invalid_line_gets_an_error_and_the_rest_is_evaluated(line: Any, complaint: Any) -> None:
    status, answers = lines_out(line, b'{"template": "ok"}')
    assert status == 2
    assert complaint in answers[0]["error"]
    assert answers[1] == {"text": "ok", "errors": []}
