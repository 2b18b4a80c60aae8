"""Outbound pushes of the fake CHT: the clock, the queue, hostile expressions, and what the recordings do not show."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from typing import Any
from urllib.parse import parse_qs

import pytest

from fakes.cht.javascript.sandbox import ScriptError, evaluate, holds
from tests.fakes.cht.recorded_traffic import World, docs_of, send, world
from tests.scripted_server import Answers, Script, session

ADMIN = {"Authorization": "Basic YWRtaW46cGFzcw==", "Content-Type": "application/json"}
OK = {"status": 201, "content_type": "application/json", "body": "{}"}
BROKEN = {"status": 500, "content_type": "application/json", "body": "{}"}
HOSTILE = {
    "loops for ever": "while (true) {}",
    "loops in a regular expression": "/(a+)+$/.test('a'.repeat(40) + 'b')",
    "allocates without end": "var all = []; while (true) all.push('x'.repeat(100000))",
    "makes a huge list": "new Array(1e9).fill(0)",
    "makes a huge text": "'x'.repeat(2 ** 29)",
    "calls itself for ever": "(function again() { return again() + 1 })()",
    "throws": "throw new Error('no')",
    "throws nothing": "throw null",
    "is no JavaScript": "this is no expression",
    "asks for the host": "require('fs')",
    "asks for the process": "(function () {}).constructor('return process')()",
}


def configured(**push: Any) -> dict[str, Any]:
    """A seed with one push `p` of all documents to a server on loopback."""
    usual = {
        "relevant_to": "true",
        "destination": {"base_url": "http://localhost:8000", "path": "/push"},
        "mapping": {"id": "doc._id"},
    }
    return {"settings": {"transitions": {"mark_for_outbound": {}}, "outbound": {"p": {**usual, **push}}}}


def joined(given: dict[str, Any], answers: Answers) -> tuple[World, Script]:
    script = Script(answers)
    made = world(given, session(script))
    script.pass_time = made.cht.pass_time
    return made, script


def put(made: World, doc_id: str = "a", **doc: Any) -> None:
    """Save a document as a web client would, and let sentinel see it."""
    present = made.cht.state.get(doc_id)
    body = {"_id": doc_id, **doc, **({"_rev": present["_rev"]} if present else {})}
    request = {"method": "PUT", "path": f"/medic/{doc_id}", "headers": ADMIN, "body": json.dumps(body)}
    assert send(made.cht, request).status == (200 if doc.get("_deleted") else 201)
    made.clock.advance(0)


def run(made: World) -> None:
    assert made.control.post("/cht/run", json={"pass": "outbound"}).status_code == 200


def queue(made: World, doc_id: str = "a") -> list[str] | None:
    found = [doc["queue"] for doc in docs_of(made, "sentinel") if doc["_id"] == f"task:outbound:{doc_id}"]
    return found[0] if found else None


@pytest.mark.parametrize("expression", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_mapping_fails_its_push_and_nothing_else(expression: str) -> None:
    given = configured(mapping={"x": {"expr": expression}})
    given["settings"]["outbound"]["good"] = configured()["settings"]["outbound"]["p"]
    made, script = joined(given, lambda _number, _request: OK)
    put(made)
    assert (len(script.asked), queue(made)) == (1, ["p"])
    run(made)
    assert (len(script.asked), queue(made)) == (1, ["p"])


@pytest.mark.parametrize("expression", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_relevant_to_loses_all_pushes_of_the_document_and_the_fake_lives_on(expression: str) -> None:
    """outbound/relevant-to-throws"""
    given = configured()
    given["settings"]["outbound"]["bad"] = {**configured()["settings"]["outbound"]["p"], "relevant_to": expression}
    made, script = joined(given, lambda _number, _request: OK)
    put(made)
    assert (script.asked, queue(made)) == ([], None)
    assert any("mark_for_outbound" in note for note in made.notes)
    assert send(made.cht, {"method": "GET", "path": "/api/info"}).status == 200


@pytest.mark.parametrize("expression", HOSTILE.values(), ids=HOSTILE)
def test_an_expression_has_neither_host_nor_time_nor_memory_without_end(expression: str) -> None:
    for evaluated in (evaluate, holds):
        with pytest.raises(ScriptError):
            evaluated(expression, {"doc": {}})


def test_an_expression_cannot_change_how_its_value_is_returned() -> None:
    outcome = evaluate("JSON.stringify = function () { return '{}' }; eval = null; [doc.a, 1]", {"doc": {"a": "é😀"}})
    assert outcome.value == ["é😀", 1]
    assert evaluate("undefined", {}).missing
    assert not evaluate("null", {}).missing
    assert not evaluate("(function () {})", {}).serializable


def test_the_library_for_javascript_is_loaded_only_when_an_expression_is_met() -> None:
    program = (
        "import random, sys, requests\n"
        "from fakes.cht import Cht\n"
        "from fakes.clock import VirtualClock\n"
        "Cht(VirtualClock(), session=requests.Session(), rng=random.Random(1))\n"
        "assert 'quickjs' not in sys.modules and '_quickjs' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_failed_push_is_tried_again_every_five_minutes() -> None:
    """outbound/push-http-400"""
    made, script = joined(configured(), lambda number, _request: BROKEN if number < 3 else OK)
    put(made)
    seen = []
    for _ in range(20):
        made.clock.advance(60)
        seen.append(len(script.asked))
    assert seen == [1] * 4 + [2] * 5 + [3] * 5 + [4] * 6
    assert queue(made) is None


def test_nothing_is_pushed_until_the_clock_moves() -> None:
    made, script = joined(configured(), lambda _number, _request: OK)
    assert made.cht.state.save({"_id": "a"})
    assert script.asked == []
    made.clock.advance(0)
    assert len(script.asked) == 1


def test_a_slow_receiver_holds_up_neither_the_clock_nor_the_api() -> None:
    made, script = joined(configured(), lambda _number, _request: {**OK, "delay": 5})
    put(made, "a")
    put(made, "b")
    assert len(script.asked) == 1
    assert send(made.cht, {"method": "GET", "path": "/api/info"}).status == 200
    made.clock.advance(5)
    assert [json.loads(request["body"])["id"] for request in script.asked] == ["a", "b"]


def test_a_push_is_made_without_the_lock() -> None:
    """A receiver that calls back while it is called is answered."""
    free: list[bool] = []

    def answer(_number: int, _request: Any) -> Any:
        def look() -> None:
            with made.cht.state.lock:
                free.append(True)

        other = threading.Thread(target=look)
        other.start()
        other.join(5)
        return OK

    made, _ = joined(configured(), answer)
    put(made)
    assert free == [True]


def test_an_answer_that_comes_after_ten_seconds_is_a_failure() -> None:
    """outbound/push-timeout"""
    made, script = joined(configured(), lambda number, _request: {**OK, "delay": 10 if number == 0 else 9.9})
    put(made)
    made.clock.advance(9.9)
    assert queue(made) is None
    made.clock.advance(0.2)
    assert queue(made) == ["p"]
    run(made)
    assert (len(script.asked), queue(made)) == (2, None)


def test_two_runs_do_not_overlap() -> None:
    made, script = joined(configured(), lambda number, _request: BROKEN if number == 0 else {**OK, "delay": 9})
    put(made)
    made.clock.advance(300)
    assert len(script.asked) == 2  # the run of the timer waits for its answer
    run(made)
    assert len(script.asked) == 2
    made.clock.advance(10)
    assert queue(made) is None


def test_what_is_queued_for_a_document_that_is_gone_is_dropped() -> None:
    made, script = joined(configured(), lambda _number, _request: BROKEN)
    put(made)
    put(made, _deleted=True)
    run(made)
    assert (len(script.asked), queue(made)) == (1, None)


def test_a_push_that_left_the_settings_stays_in_the_queue() -> None:
    made, script = joined(configured(), lambda _number, _request: BROKEN)
    put(made)
    other = configured()["settings"]["outbound"]["p"]
    made.cht.state.settings = {**made.cht.state.settings, "outbound": {"other": {**other, "relevant_to": "false"}}}
    run(made)
    assert (len(script.asked), queue(made)) == (1, ["p"])


def test_success_of_a_later_entry_takes_the_first_one_out_of_the_queue() -> None:
    """A mistake of the real one: the name of the push is taken for a place in the list."""
    given = configured()
    second = configured(mapping={"second": "doc._id"})["settings"]["outbound"]["p"]
    given["settings"]["outbound"]["q"] = second
    made, _ = joined(given, lambda number, request: OK if number > 1 and "second" in request["body"] else BROKEN)
    put(made)
    assert queue(made) == ["p", "q"]
    run(made)
    assert queue(made) == ["q"]


def test_a_push_with_cron_waits_for_a_run_near_its_time() -> None:
    """outbound/cron-not-due"""
    given = {**configured(cron="30 4 * * *"), "now": "2026-11-23T04:00:00Z"}
    made, script = joined(given, lambda _number, _request: OK)
    put(made)
    made.clock.advance(24 * 60)
    assert (len(script.asked), queue(made)) == (0, ["p"])
    made.clock.advance(2 * 60)
    assert (len(script.asked), queue(made)) == (1, None)


@pytest.mark.parametrize("cron", ["every day", "0 0 * *", "61 * * * *", "* * * jan *", "*/0 * * * *", "5-1 * * * *"])
def test_a_push_with_a_cron_that_is_none_is_never_made(cron: str) -> None:
    made, script = joined(configured(cron=cron), lambda _number, _request: OK)
    put(made)
    made.clock.advance(3600)
    assert (script.asked, queue(made)) == ([], ["p"])


@pytest.mark.parametrize(
    ("answer", "is_success"),
    [
        ({"status": 200, "content_type": "text/html", "body": "<p>hi"}, True),
        ({"status": 204, "content_type": None, "body": ""}, True),
        ({"status": 200, "content_type": "application/json", "body": "null"}, True),
        ({"status": 200, "content_type": "application/json", "body": ""}, False),
        ({"status": 200, "content_type": "application/json", "body": "{", "truncate": False}, False),
        ({"status": 404, "content_type": "text/plain", "body": "no"}, False),
        ({"close": True}, False),
        ({"reset": True}, False),
        ({"status": 200, "content_type": "application/json", "body": "{}", "truncate": True}, False),
    ],
)
def test_what_counts_as_success(answer: dict[str, Any], is_success: bool) -> None:
    made, _ = joined(configured(), lambda _number, _request: answer)
    put(made)
    assert (queue(made) is None) == is_success


def test_a_redirect_is_followed() -> None:
    moved = {**OK, "status": 307, "headers": {"Location": "/there"}}
    made, script = joined(configured(), lambda number, _request: OK if number else moved)
    put(made)
    assert [(one["method"], one["path"]) for one in script.asked] == [("POST", "/push"), ("POST", "/there")]
    assert queue(made) is None


def test_muso_sih_logs_in_first_and_pushes_with_the_token_it_got() -> None:
    auth = {"type": "muso-sih", "username": "bob", "password_key": "sih", "path": "/login"}
    given = configured(destination={"base_url": "http://localhost:8000/", "path": "/push", "auth": auth})
    given["credentials"] = {"sih": "s/h"}
    login = {**OK, "body": json.dumps({"statut": 200, "data": {"username_token": "t 1"}})}
    made, script = joined(given, lambda number, _request: login if number == 0 else OK)
    put(made)
    first, second = script.asked
    assert (first["path"], parse_qs(first["body"])) == ("/login", {"login": ["bob"], "password": ["s/h"]})
    assert first["headers"]["content-type"] == "application/x-www-form-urlencoded"
    assert (second["path"], json.loads(second["body"])) == ("/push?token=t+1", {"id": "a"})


@pytest.mark.parametrize("body", ['{"statut": 401}', "[]", '"no"', '{"statut": 200}'])
def test_a_refused_login_of_muso_sih_is_a_failure(body: str) -> None:
    auth = {"type": "muso-sih", "username": "bob", "password_key": "sih", "path": "/login"}
    given = configured(destination={"base_url": "http://localhost:8000/", "path": "/push", "auth": auth})
    given["credentials"] = {"sih": "secret"}
    made, script = joined(given, lambda _number, _request: {**OK, "body": body})
    put(made)
    assert (len(script.asked), queue(made)) == (1, ["p"])


def test_a_user_name_of_basic_authentication_may_have_any_letters() -> None:
    auth = {"type": "Basic", "username": "bób", "password_key": "pw"}
    given = configured(destination={"base_url": "http://localhost:8000/", "path": "/push", "auth": auth})
    given["credentials"] = {"pw": "gehéim"}
    made, script = joined(given, lambda _number, _request: OK)
    put(made)
    _, _, coded = script.asked[0]["headers"]["authorization"].partition(" ")
    assert base64.b64decode(coded).decode() == "bób:gehéim"


@pytest.mark.parametrize(
    "push",
    [
        {"destination": None},
        {"destination": {"base_url": "no address", "path": "/x"}},
        {"destination": {"base_url": "http://localhost:8000", "path": "/x", "auth": {"type": "dance"}}},
        {"destination": {"base_url": "http://localhost:8000", "path": "/x", "auth": {"username": "bob"}}},
        {"mapping": None},
        {"mapping": {"a": 5}},
        {"mapping": {"a": {}}},
        {"mapping": {"a": "doc._id", "a.b": "doc._id"}},
        {"mapping": {"a.99999999999": "doc._id"}},
        {"mapping": {"a": {"expr": "10n"}}},
    ],
)
def test_a_push_that_cannot_be_made_waits_in_the_queue(push: dict[str, Any]) -> None:
    made, script = joined(configured(**push), lambda _number, _request: OK)
    put(made)
    assert (script.asked, queue(made)) == ([], ["p"])


def test_expressions_see_contacts_and_parents_filled_in() -> None:
    given = configured(relevant_to="doc.type === 'data_record'", mapping={"name": "doc.contact.parent.contact.name"})
    given["docs"] = [
        {"_id": "place", "type": "clinic", "contact": {"_id": "chief"}},
        {"_id": "chief", "type": "person", "name": "Chief"},
        {"_id": "ann", "type": "person", "name": "Ann", "parent": {"_id": "place"}},
    ]
    made, script = joined(given, lambda _number, _request: OK)
    contact = {"_id": "ann", "parent": {"_id": "place"}}
    put(made, type="data_record", contact=contact)
    assert [json.loads(request["body"]) for request in script.asked] == [{"name": "Chief"}]
    assert next(doc for doc in docs_of(made) if doc["_id"] == "a")["contact"] == contact


def test_beginning_anew_forgets_what_is_under_way() -> None:
    made, script = joined(configured(), lambda _number, _request: {**OK, "delay": 5})
    put(made)
    made.cht.reset()
    made.clock.advance(600)
    assert (len(script.asked), docs_of(made, "sentinel")) == (1, [])
    script._answers = lambda _number, _request: OK
    put(made)
    assert [doc["_id"] for doc in docs_of(made, "sentinel")] == ["a-info"]


def test_without_transitions_sentinel_takes_note_of_nothing() -> None:
    given = configured()
    given["settings"]["transitions"] = {"mark_for_outbound": {"disable": True}}
    made, script = joined(given, lambda _number, _request: OK)
    put(made)
    assert (script.asked, docs_of(made, "sentinel")) == ([], [])
