"""`python -m fakes flow` with jobs that are wrong, huge or hostile: an answer with a sentence, soon."""

import io
import json
import time
from typing import Any

import pytest

from fakes.rapidpro.flows.jobs.lines import run
from tests.fakes.rapidpro.flows.engine.building import action, flow, node, say, split, uid

SECONDS = 30
"""No job here may take longer, on a slow machine; most take milliseconds."""


def job(*flows: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A valid job of the first flow, with changes."""
    given = flows or (flow("Hi", node("n", say("Hi @contact"))),)
    return {
        "bundle": {"version": "13", "flows": list(given)},
        "flow": given[0]["uuid"],
        "generation": "new",
        "clock": "2026-03-04T05:06:07Z",
        "env": {"timezone": "Africa/Nairobi", "country": "KE"},
        "workspace": {},
        "languages": ["eng"],
        "contact": {"uuid": uid("amina"), "name": "Amina", "urns": ["tel:+254712345678"]},
        "webhook_answers": [],
        "inputs": [{"start": "manual"}],
        **values,
    }


def answered(line: Any) -> tuple[dict[str, Any], int]:
    """The answer to a line, and the exit status."""
    out = io.StringIO()
    raw = line if isinstance(line, bytes) else json.dumps(line).encode()
    began = time.monotonic()
    status = run([raw], out)
    assert time.monotonic() - began < SECONDS
    (answer,) = (json.loads(one) for one in out.getvalue().splitlines())
    return answer, status


def test_a_valid_job_has_exit_status_0() -> None:
    answer, status = answered(job())
    assert status == 0
    assert answer["outputs"] == [[{"text": "Hi Amina", "unsendable": "no_route", "urn": None}]]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "the job is not JSON"),
        (b"\xff\xfe", "the job is not UTF-8"),
        (b"[1]", "a job must be a JSON object, got [1]"),
        (b"[" * 100_000, "the job is nested too deeply"),
        ({"flow": "x"}, "the job lacks bundle, generation, clock"),
        (job(speed=3), "unknown key 'speed'"),
        (job(generation="8"), 'generation must be "new" or "9", got "8"'),
        (job(generation=[]), 'generation must be "new" or "9", got []'),
        (job(bundle=[]), "bundle must be an object, got []"),
        (job(bundle={}), "bundle.flows must be a list, got null"),
        (job(flow=5), "flow must be the UUID of a flow, got 5"),
        (job(clock="noon"), 'clock must be an ISO 8601 time, got "noon"'),
        (job(env={"timezone": "Mars/Olympus"}), "env.timezone must be the name of a time zone"),
        (job(env={"date_format": "DD"}), "env.date_format must be one of DD-MM-YYYY"),
        (job(env={"number_format": {"decimal_symbol": "::"}}), "workspace is not valid: env.number_format"),
        (job(workspace={"groups": [{"name": "x"}]}), "workspace is not valid: it lacks 'uuid'"),
        (job(workspace={"groups": 5}), "workspace is not valid"),
        (job(languages="eng"), 'languages must be a list of texts, got "eng"'),
        (job(contact={"timezone": "Nowhere"}), "contact is not valid"),
        (job(contact={"created_on": "noon"}), "contact is not valid"),
        (job(contact={"urns": [5]}), "contact is not valid"),
        (job(webhook_answers=[{"body": "x"}]), "webhook_answers[0] must have a status of three digits or an error"),
        (job(webhook_answers=[{"status": 200, "headers": {"a": 1}}]), "webhook_answers[0].headers must be"),
        (job(inputs=[]), "inputs must be a list of 1 to 1000 objects, got 0"),
        (job(inputs=[{"start": "call"}]), "inputs[0].start must be one of manual, msg, flow_action"),
        (job(inputs=[{"start": "manual"}, {}]), "inputs[1] must have text, timeout or expire"),
        (job(inputs=[{"start": "flow_action"}]), "inputs[0].parent must be an object"),
        (job(inputs=[{"start": "flow_action", "parent": {"contact": 5}}]), "inputs[0].parent is not valid"),
        (job(webhook_answers=[{"status": 200, "body_base64": "%"}]), "webhook_answers[0] is not valid"),
        (job(webhook_answers=[{"status": 200, "body_parts": [["x"]]}]), "webhook_answers[0] is not valid"),
    ],
)
def test_an_invalid_job_is_answered_with_a_sentence(line: Any, words: str) -> None:
    answer, status = answered(line)
    assert status == 2
    assert list(answer) == ["error"]
    assert answer["error"].startswith(words)


def refused(line: Any) -> str:
    answer, status = answered(line)
    assert status == 0
    assert answer["error"] == answer["new_error"]
    return str(answer["error"])


def test_a_bundle_that_breaks_off_is_no_job() -> None:
    whole = json.dumps(job()).encode()
    for length in range(1, len(whole), 50):
        assert answered(whole[:length])[1] == 2


def test_an_unknown_flow_is_refused() -> None:
    assert refused(job(flow=uid("other"))) == f"flow: no such flow with UUID '{uid('other')}'"


def test_a_bundle_of_50_mb_is_read() -> None:
    filler = {"uuid": uid("big"), "name": "Big", "metadata": "x" * 50_000_000}
    assert answered(job(flow("Hi", node("n", say("Hi"))), filler))[0]["status"] == ["completed"]


def test_a_flow_of_very_many_nodes_is_refused_by_new_and_run_by_9() -> None:
    many = flow("Many", *(node(f"n{i}", to=f"n{i + 1}") for i in range(20_000)), node("n20000"))
    assert refused(job(many)) == "flow: flow can't have more than 1000 nodes (has 20001)"
    answer, _ = answered(job(many, generation="9"))
    assert answer["errors"] == [[{"failure": "reached maximum number of steps per sprint (200)"}]]


def test_expressions_nested_a_thousand_deep_are_errors() -> None:
    deep = "@(" + "(" * 1000 + "1" + ")" * 1000 + ")"
    answer, _ = answered(job(flow("Deep", node("n", say(deep), action("set_run_result", name="r", value=deep)))))
    message = {"error": "Error evaluating expression: expression nesting too deep"}
    assert answer["errors"] == [[message, message]]


def test_results_of_megabytes_are_cut() -> None:
    body = json.dumps({"a": "y" * 3_000_000})
    call = action("call_webhook", method="GET", url="https://x.example.org", result_name="W")
    big = action("set_run_result", name="Big", value="@(repeat(webhook, 30))")
    line = job(flow("F", node("n", call, big)), webhook_answers=[{"status": 200, "body": body}], generation="9")
    answer, _ = answered(line)
    assert all(len(one["value"]) <= 640 for one in answer["runs"][0]["results"].values())
    assert len(json.dumps(answer)) < 20_000_000


def test_a_conversation_without_end_is_broken_off() -> None:
    talk = [say("x" * 10_000, quick_replies=[str(number)]) for number in range(100)]
    loop = split("wait", "@input.text", [], {"Other": "talk"}, wait={})
    chatty = flow("Talk", node("talk", *talk, to="wait"), loop)
    answer, status = answered(job(chatty, inputs=[{"start": "manual"}, *({"text": "more"} for _ in range(999))]))
    assert status == 2
    assert answer["error"].startswith("the conversation is too long")


@pytest.mark.parametrize("text", ["@contact" * 1200, "@(1/0)" * 1600, "x" * 10_000])
def test_a_stretch_that_says_too_much_is_broken_off(text: str) -> None:
    talk = [say(text, quick_replies=[str(number)]) for number in range(100)]
    answer, status = answered(job(flow("Loop", node("a", *talk, to="a"))))
    assert status == 2
    assert answer["error"].startswith("the conversation is too long: more than")


@pytest.mark.parametrize("generation", ["new", "9"])
def test_params_and_parents_nested_deeply_are_survived(generation: str) -> None:
    deep: Any = {}
    for _ in range(700):
        deep = {"a": deep}
    show = flow("F", node("n", say("@trigger.params @legacy_extra @(json(trigger.params))")))
    answer, _ = answered(job(show, generation=generation, inputs=[{"start": "manual", "params": deep}]))
    assert "outputs" in answer or answer["error"] == "the job is nested too deeply"
