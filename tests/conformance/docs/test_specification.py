"""The specification says what is true: its examples are as recorded and as the fakes answer, its tables as the code."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from conformance.checks.states import EXPECTED
from conformance.requirements.catalogue import load
from conformance.services.in_process import InProcessFakes
from conformance.services.neighbours import INCOMING_TOKEN
from conformance.subjects.in_process import InProcessRelay
from fakes.cht.api.gateways import GATEWAY_STATES
from fakes.serving.wsgi import Environ, Reply, StartResponse, build_environ, call
from tests.conformance.docs.examples import PAGE, Example, Side, example, examples
from tests.fakes.cht import recorded_traffic as cht
from tests.fakes.rapidpro import recorded_traffic as rapidpro

ALL = examples()
WEBHOOKS = [one for one in ALL if one.name.startswith("webhook")]


def recorded(one: Example) -> Mapping[str, Any]:
    """The recording of an example."""
    service, group, id_ = one.recording.split("/")
    if service == "cht":
        (entry,) = [entry for entry in cht.entries(group) if entry["id"] == id_]
        return entry
    trace: Mapping[str, Any] = rapidpro.recorded(group)[id_]["trace"]
    return trace


def differences(wanted: Side, status: int, headers: Mapping[str, str], body: str, volatile: list[str]) -> list[str]:
    """What an answer lacks of the page's. Volatile values have the same type, others are equal."""
    found = [f"{name}: {value}" for name, value in wanted.headers.items() if not _alike(value, headers.get(name, ""))]
    if str(status) != wanted.first:
        found.append(f"status {status}")
    if wanted.json is None:
        return found if body == wanted.body else [*found, body]
    entry = {"response": {"json": wanted.json}, "volatile": [path for path in volatile if "headers" not in path]}
    under = {**entry, "volatile": [path.replace("$.", "$.response.json.", 1) for path in entry["volatile"]]}
    expected = cht.masked(under)["response"]["json"]
    return found if cht.equal(expected, json.loads(body)) else [*found, body]


def _alike(wanted: str, came: str) -> bool:
    """Whether two headers are equal; numbers may differ."""
    return re.sub(r"\d+", "0", wanted) == re.sub(r"\d+", "0", came)


def as_recorded(trace: Mapping[str, Any]) -> dict[str, Any]:
    """The recorded request in one form for both services."""
    request = trace["request"]
    path, _, query = request["path"].partition("?")
    body = json.dumps(request["json"]) if "json" in request else str(request.get("body") or "")
    return {
        "what": (request["method"], path, query or request.get("query", "")),
        "headers": {name.lower(): value for name, value in request["headers"].items()},
        "body": json.loads(body) if body else None,
    }


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_an_example_is_as_recorded(one: Example) -> None:
    trace = recorded(one)
    page = {"what": one.method_path_query, "headers": one.request.headers, "body": one.request.json}
    assert as_recorded(trace) == page
    answer = trace["response"]
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    body = json.dumps(answer["json"]) if "json" in answer else answer["body"]
    volatile = [path for path in trace["volatile"] if not path.startswith("$.docs")]
    assert differences(one.answer, answer["status"], headers, body, volatile) == []


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_the_fakes_answer_an_example_as_it_says(one: Example) -> None:
    trace = recorded(one)
    if one.recording.startswith("cht/"):
        method, path, query = one.method_path_query
        made = cht.world(trace.get("given") or {})
        reply = call(made.cht, build_environ(method, path, query, one.request.headers, one.request.body.encode()))
        volatile: list[str] = []
    else:
        reply, volatile = _from_rapidpro(one, trace), [*rapidpro.volatile_of(trace)]
    headers = {name.lower(): value for name, value in reply.headers}
    assert differences(one.answer, reply.status, headers, reply.body.decode(), volatile) == []


def media_type(header: str | None) -> str:
    return str(header).partition(";")[0]


def _from_rapidpro(one: Example, trace: Mapping[str, Any]) -> Reply:
    """The fake's answer to the page's request, after the earlier requests of its sequence."""
    _, profile, id_ = one.recording.split("/")
    (steps,) = [steps for steps in rapidpro.sequences(profile) if id_ in dict(steps)]
    world = rapidpro.World(profile)
    for name, entry in steps:
        if name == id_:
            break
        world.play(entry["trace"])
    method, path, query = one.method_path_query
    request = {"method": method, "path": path, "query": query, "headers": one.request.headers, "body": one.request.body}
    return world.play({**trace, "request": request})


def test_the_fake_flow_calls_the_relay_as_the_specification_says() -> None:
    calls: list[Environ] = []

    def relay(environ: Environ, start_response: StartResponse) -> list[bytes]:
        calls.append(environ)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b'{"saved": 1}']

    page, fakes = example("webhook"), InProcessFakes("26", 1)
    method, path, _ = page.method_path_query
    fakes.reach("http://relay.test", relay)
    fakes.control.put("/rapidpro/webhook", {"url": f"http://relay.test{path}", "token": "incoming-token"})
    fakes.control.post("/rapidpro/phones/+13125550101/texts", {"text": page.request.json["content"]})
    (environ,) = calls
    body = json.loads(environ["wsgi.input"].read())
    assert (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == (method, path)
    assert {**body, "id": "run-0001"} == page.request.json
    sent = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}") for name in page.request.headers}
    assert sent | {"content-type": environ["CONTENT_TYPE"]} == page.request.headers
    for name in ("HTTP_ACCEPT_ENCODING", "HTTP_USER_AGENT", "HTTP_X_MAILROOM_MODE"):
        assert environ[name].split("/")[0] in PAGE.read_text("utf-8")


@pytest.mark.parametrize("one", WEBHOOKS, ids=lambda one: one.name)
def test_the_reference_relay_answers_as_the_specification_says(one: Example) -> None:
    fakes = InProcessFakes("26", 1)
    relay = InProcessRelay(fakes.clock, fakes.connect)
    relay.start(fakes.neighbours)
    try:
        method, path, _ = one.method_path_query
        headers = {**one.request.headers}
        headers["authorization"] = headers["authorization"].replace("incoming-token", INCOMING_TOKEN)
        reply = call(relay, build_environ(method, path, "", headers, one.request.body.encode()))
    finally:
        relay.stop()
    assert reply.status == one.status
    # CHT adds a charset, which means nothing for JSON (RFC 8259 section 11): a relay need not.
    assert media_type(reply.header("Content-Type")) == media_type(one.answer.headers["content-type"])
    assert json.loads(reply.body).keys() == one.answer.json.keys()


def test_every_conversation_has_examples_in_both_outcomes() -> None:
    asked = {(one.method_path_query[1].rpartition("/")[2], one.status < 300) for one in ALL}
    for path in ("incoming-messages", "sms", "broadcasts.json"):
        assert {(path, True), (path, False)} <= asked
    assert ("messages.json", True) in asked
    assert len({one.name for one in ALL}) == len(ALL)
    blocks = PAGE.read_text("utf-8").count("```http")
    assert blocks == 2 * len(ALL), "an example of the page is not read"


def test_the_table_of_states_is_what_the_checks_and_the_fake_cht_expect() -> None:
    rows = re.findall(r"^\| (`.*) \| `([A-Z]+)` \| `([a-z-]+)` \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert {update: state for _, update, state in rows} == GATEWAY_STATES
    assert {status: state for words, _, state in rows for status in re.findall(r"`(\w+)`", words)} == EXPECTED


def test_a_difference_is_noticed() -> None:
    one = example("broadcast")
    body, headers = one.answer.body, dict(one.answer.headers)
    volatile = ["$.uuid", "$.id", "$.created_on"]
    assert differences(one.answer, 201, headers, body.replace("9004", "1"), volatile) == []
    assert differences(one.answer, 200, headers, body, volatile) == ["status 200"]
    for old, new in (("9004", '"9004"'), ("Hello", "Hallo"), ('"id": 9004', '"ref": 9004')):
        assert differences(one.answer, 201, headers, body.replace(old, new), volatile) != []
    assert differences(one.answer, 201, {**headers, "content-type": "text/html"}, body, volatile) != []


@pytest.mark.parametrize("requirement", load(), ids=lambda one: one.id)
def test_a_requirement_says_why_it_matters_and_what_fails_it(requirement: Any) -> None:
    for text in (requirement.why, requirement.failing):
        assert 20 < len(text) < 220
        assert text.endswith(".")


def test_a_requirement_without_a_reason_or_a_failing_history_is_refused() -> None:
    row = '[[requirement]]\nid = "X-1"\nlevel = "must"\nsentence = "S."\nsource = "a file"\n'
    with pytest.raises(ValueError, match="requirement X-1 lacks failing, why"):
        load(row)
    assert load(row + 'why = "W."\nfailing = "F."\n')[0].failing == "F."
