"""Conversations pass when all is as expected, and fail with the place of each difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conformance.flows.building import action, export, flow, node, say, split, uid
from tests.conformance.flows.conversations.folder import flow_test, one, question, write

CALL = "POST https://cht.example.org/*"
HI = "- text: hi\n- reply: Thanks\n"
CALL_WITH = f"- text: hi\n- call: {{{{request: '{CALL}', {{}}}}}}\n- reply: Thanks"
PASSING = {
    "an exact text": "- text: hello\n- reply: Thanks",
    "what a text contains": "- text: hello\n- reply: {contains: hank}",
    "a pattern": "- text: hello\n- reply: {pattern: 'T.*s'}",
    "a call": f"- text: hello\n- call: {CALL}\n- reply: Thanks",
    "a part of a body": CALL_WITH.format("body: {content: hi, id: <uuid>}"),
    "a header": CALL_WITH.format("headers: {accept: application/json}"),
    "a result": HI + "- expect: {results: {relay: {value: '200', category: Success}}}",
    "a status": HI + "- expect: {status: completed}",
    "no groups and no errors": HI + "- expect: {groups: [], errors: []}",
    "nothing before the first text": "- expect: {status: none}\n- text: hi\n- reply: Thanks",
    "a start, which has no input": "- start: Texts\n- reply: Thanks",
}
FAILING = {
    "another text": ("- text: hello\n- reply: Thank you", "7: expected the text Thank you, got Thanks"),
    "a text that is not expected": ("- text: hello", "6: expected no such text: Thanks"),
    "a text that does not come": ("- text: hello\n- reply: Thanks\n- reply: Bye", "8: expected the text Bye, got none"),
    "no pattern for the whole": ("- text: hi\n- reply: {pattern: T}", "expected the text (a text like 'T')"),
    "a call that is not expected": ("- text: hello\n- call: none\n- reply: Thanks", "expected no such call: POST"),
    "a body": (CALL_WITH.format("body: {content: ho}"), '{"content":"hi"'),
    "an absent header": (CALL_WITH.format("headers: {X-A: b}"), "X-A: (absent)"),
    "a result": (HI + "- expect: {results: {Relay: {value: '9'}}}", "expected results.Relay.value to be 9, got 200"),
    "an unknown result": (HI + "- expect: {results: {none: {value: '9'}}}", "expected results.none to be set, got"),
    "a status": (HI + "- expect: {status: waiting}", "expected status to be waiting, got completed"),
    "a field": (HI + "- expect: {fields: {age: '3'}}", "expected fields.age to be 3, got empty"),
    "reports without a fake CHT": (HI + "- expect: {reports: []}", "no fake CHT"),
}  # fmt: skip


@pytest.mark.parametrize("kind", PASSING)
def test_a_conversation_passes_when_all_is_as_expected(kind: str, tmp_path: Path) -> None:
    done = flow_test(write(tmp_path, one(PASSING[kind])))
    assert done.exit_code == 0, done.output
    assert "passed  one (generation 9, new)" in done.output


@pytest.mark.parametrize("kind", FAILING)
def test_a_conversation_fails_with_the_line_of_each_difference(kind: str, tmp_path: Path) -> None:
    steps, sentence = FAILING[kind]
    path = write(tmp_path, one(steps))
    done = flow_test(path)
    assert done.exit_code == 1
    assert sentence in done.output.replace(f"{path}:", ""), done.output


def test_expected_and_seen_stand_side_by_side(tmp_path: Path) -> None:
    lines = flow_test(
        write(tmp_path, one("- text: hello\n- reply: Thank you")), "--generation", "new"
    ).output.splitlines()
    assert [line.strip() for line in lines[3:7]] == [
        "phone -> RapidPro     hello",
        lines[4].strip(),
        "- phone <- RapidPro     Thank you",
        "+ phone <- RapidPro     Thanks",
    ]
    assert "RapidPro -> endpoint  POST https://cht.example.org/api/v2/sms/rapidpro/incoming-messages" in lines[4]


ENDPOINTS = {
    "400": "Sorry, Ann",
    "late": "Sorry, Ann",
    "gone": "Sorry, Ann",
    "fake-cht": "Thanks",
    "{status: 201, body: {ok: true}}": "Thanks",
    "[{request: 'POST *', answers: [500]}]": "Sorry, Ann",
    "[{request: 'GET *', answers: [200]}]": "Sorry, Ann",
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_endpoint_answers_as_the_file_says(endpoint: str, tmp_path: Path) -> None:
    more = f"contact: {{name: Ann}}\nendpoint: {endpoint}\n"
    done = flow_test(write(tmp_path, one(f"- text: hello\n- reply: {ENDPOINTS[endpoint]}", more)))
    assert done.exit_code == 0, done.output


def test_answers_come_in_their_order_and_the_last_one_repeats(tmp_path: Path) -> None:
    steps = "- text: a\n- reply: 'Sorry, '\n- text: b\n- reply: Thanks\n- text: c\n- reply: Thanks"
    done = flow_test(write(tmp_path, one(steps, "endpoint: [{answers: [500, 200]}]\n")))
    assert done.exit_code == 0, done.output


def test_the_fake_cht_keeps_one_report_although_its_first_answer_is_late(tmp_path: Path) -> None:
    steps = "- text: hello\n- reply: 'Sorry, '\n- expect: {reports: [{sms_message: {message: hello}}]}"
    assert flow_test(write(tmp_path, one(steps, "endpoint: fake-cht late\n"))).exit_code == 0


def test_a_late_answer_takes_the_seconds_that_rapidpro_waits(tmp_path: Path) -> None:
    get = action("call_webhook", method="GET", url="http://x.example/", headers={})
    tells = say('@(format_time(now(), "tt:mm:ss"))')
    nodes = [node("a", get, to="b"), split("b", wait=True, other="c"), node("c", tells)]
    export_ = export(flow("Texts", *nodes), catch_all="Texts")
    steps = "- start: Texts\n- text: time?\n- reply: '08:00:15'"
    done = flow_test(write(tmp_path, one(steps, "endpoint: late\n"), export_), "--generation", "new")
    assert done.exit_code == 0, done.output


TIMES = {
    "a wait times out": (600, "- wait: 9 minutes\n- expect: {status: waiting}\n- wait: 1m 1s\n- reply: Too late"),
    "a run expires before its wait times out": (7200, "- wait: 59m\n- wait: 1 minute\n- expect: {status: expired}"),
    "an answer in time": (600, "- wait: 9 minutes\n- text: '30'\n- reply: Thanks\n- wait: 2 weeks"),
    "each answer begins a new wait": (
        600, "- wait: 9 m\n- text: x\n- reply: A number, please\n- wait: 9 m\n- expect: {status: waiting}\n"
             "- wait: 1 m\n- reply: Too late",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", TIMES)
def test_time_passes_on_a_virtual_clock(kind: str, tmp_path: Path) -> None:
    seconds, steps = TIMES[kind]
    done = flow_test(write(tmp_path, one(f"- text: hello\n- reply: Age?\n{steps}"), question(seconds)))
    assert done.exit_code == 0, done.output


def triggered(*triggers: dict[str, Any]) -> dict[str, Any]:
    flows = [flow("Ask", split("w", wait=True, other="n"), node("n", say("asked"))), flow("Key", node("k", say("key")))]
    return export(*flows, triggers=[
        {"groups": [], "exclude_groups": [], "channel": None, **one} for one in triggers
    ])  # fmt: skip


ASK, KEY = ({"flow": {"uuid": one["uuid"], "name": one["name"]}} for one in triggered()["flows"])
KEYWORD = {"trigger_type": "K", "keywords": ["Join"], "match_type": "O", **KEY}


def test_a_keyword_goes_before_a_catch_all_and_ends_a_run_that_waits(tmp_path: Path) -> None:
    document = triggered({"trigger_type": "C", **ASK}, KEYWORD)
    steps = "- start: Ask\n- text: JOIN\n- reply: key\n- text: join us\n- reply: asked"
    done = flow_test(write(tmp_path, one(steps), document))
    assert done.exit_code == 0, done.output
    assert flow_test(write(tmp_path, one("- text: join\n- reply: asked", "starts: Ask\n"), document)).exit_code == 0


def test_no_keyword_ends_a_wait_of_a_flow_that_ignores_triggers(tmp_path: Path) -> None:
    document = triggered({"trigger_type": "C", **ASK}, KEYWORD) | {"ignore_triggers": ["Ask"]}
    done = flow_test(write(tmp_path, one("- start: Ask\n- text: join\n- reply: asked"), document))
    assert done.exit_code == 0, done.output


def test_globals_beside_the_keys_of_an_export_are_known(tmp_path: Path) -> None:
    document = export(flow("Texts", node("a", say("@globals.a @globals.b")))) | {"globals": {"a": "x", "b": "y"}}
    assert flow_test(write(tmp_path, one("- text: hi\n- reply: x y"), document)).exit_code == 0
    more = one("- text: hi\n- reply: x z").replace("    steps:", "    globals: {b: z}\n    steps:")
    assert flow_test(write(tmp_path, more, document)).exit_code == 0


def test_a_text_that_no_trigger_takes_is_told(tmp_path: Path) -> None:
    done = flow_test(write(tmp_path, one("- text: hello"), triggered(KEYWORD)))
    assert done.exit_code == 1
    assert "no trigger takes this text" in done.output
    assert flow_test(write(tmp_path, one("- text: hi\n- expect: {status: none}"), triggered(KEYWORD))).exit_code == 0


def test_a_run_that_fails_is_a_failure_unless_that_is_expected(tmp_path: Path) -> None:
    document = export(flow("Texts", node("a", action("enter_flow", flow={"uuid": ASK["flow"]["uuid"], "name": "x"}))))
    done = flow_test(write(tmp_path, one("- text: hello"), document))
    assert (done.exit_code, "the run failed: " in done.output) == (1, True)
    assert flow_test(write(tmp_path, one("- text: hello\n- expect: {status: failed}"), document)).exit_code == 0


def test_the_contact_is_as_the_file_says(tmp_path: Path) -> None:
    text = "@contact.name @fields.age @contact.language @(count(contact.groups)) @urns.tel"
    joins = action("add_contact_groups", groups=[{"uuid": uid("Seen"), "name": "Seen"}])
    document = export(flow("Texts", node("a", say(text), joins)))
    more = "contact: {name: Ann, number: '+250788123123', language: fra, fields: {age: 30}, groups: [Mothers]}\n"
    steps = "- text: hi\n- reply: Ann 30 fra 1 tel:+250788123123\n"
    steps += "- expect: {groups: [Mothers, Seen], name: Ann, fields: {age: '30'}}"
    assert flow_test(write(tmp_path, one(steps, more), document)).exit_code == 0


def test_secrets_of_globals_are_not_shown(tmp_path: Path) -> None:
    get = action("call_webhook", method="GET", url="http://x.example/?t=@globals.cht_token", headers={})
    document = export(flow("Texts", node("a", get, say("@globals.cht_token"))))
    done = flow_test(write(tmp_path, one("- text: hi"), document))
    assert done.exit_code == 1
    assert "cht-incoming-token" not in done.output
    assert "[hidden:cht_token]" in done.output


def test_what_cannot_be_printed_is_escaped(tmp_path: Path) -> None:
    document = export(flow("Texts", node("a", say("one\ntwo\x1b[31m"))))
    done = flow_test(write(tmp_path, one("- text: hi"), document))
    assert "+ phone <- RapidPro     one\\ntwo\\x1b[31m" in done.output
