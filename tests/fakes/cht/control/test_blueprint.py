"""The control API of the fake CHT: seeds, passes, documents, reset."""

from __future__ import annotations

import html
from typing import Any

import pytest
from flask.testing import FlaskClient

from fakes.cht.service import Cht
from tests.fakes.cht.recorded_traffic import entries, send, world

FILES = ("rapidpro_incoming", "sms_gateway", "africas_talking", "credentials", "outgoing_rapidpro")
MORE_FILES = ("outbound", "replies", "schedules", "task_state", "phone_number")


@pytest.mark.parametrize("name", FILES + MORE_FILES)
def test_a_seed_accepts_every_key_that_occurs_in_a_recording(name: str) -> None:
    keys = {key for entry in entries(name) for key in entry.get("given") or {}}
    for key in keys:
        given = next(entry["given"] for entry in entries(name) if key in (entry.get("given") or {}))
        if isinstance(given.get("docs", []), list):
            world({**given, "earlier_requests": []})


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        ({"document": []}, "keys of a seed are settings"),
        ({"settings": []}, "`settings` is an object"),
        ({"credentials": {"a": 5}}, "maps names to strings"),
        ({"users": {"eve": {}}}, "`password`"),
        ({"docs": {}}, "`docs` is a list"),
        ({"docs": [{"a": 1}]}, "string `_id`"),
        ({"docs": [{"_id": "a"}, {"_id": "a"}]}, "'a' occurs twice"),
        ({"now": "yesterday"}, "ISO 8601"),
        ({"server": "gone"}, "starting"),
        ({"earlier_requests": [5]}, "`method` and `path`"),
        ({"earlier_requests": 5}, "list of requests"),
        ([], "object"),
    ],
)
def test_an_invalid_seed_is_rejected_with_what_was_expected(seed: Any, words: str) -> None:
    made = world({"docs": [{"_id": "kept"}]})
    answer = made.control.post("/cht/seed", json=seed)
    assert answer.status_code == 400
    assert words in html.unescape(answer.text)
    assert made.cht.state.get("kept") is not None


def test_a_seed_with_now_sets_the_clock_forwards_and_backwards() -> None:
    for now in ("2031-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z"):
        made = world({"now": now})
        assert made.clock.now().isoformat().startswith(now[:10])


def test_reset_goes_back_to_the_last_seed() -> None:
    made = world({"docs": [{"_id": "a", "n": 1}], "credentials": {"x": "y"}})
    made.cht.state.save({"_id": "b"})
    made.cht.state.credentials.clear()
    made.cht.reset()
    assert [doc["_id"] for doc in made.cht.state.all_docs()] == ["a"]
    assert made.cht.state.credentials == {"x": "y"}


def test_equal_seeds_give_equal_ids() -> None:
    request = {
        "method": "POST",
        "path": "/api/v2/sms/rapidpro/incoming-messages",
        "headers": {"Authorization": "Token t", "Content-Type": "application/json"},
        "body": '{"id": "1", "from": "+250788123456", "content": "hi"}',
    }
    ids = []
    made = world({"credentials": {"rapidpro:incoming": "t"}})
    for _ in range(2):
        send(made.cht, request)
        ids.append(next(made.cht.state.all_docs())["_id"])
        made.cht.reset()
    assert ids[0] == ids[1]


def test_earlier_requests_of_a_seed_have_happened() -> None:
    body = '{"messages": [{"id": "1", "from": "+250788123456", "content": "hi"}]}'
    made = world({"earlier_requests": [{"method": "POST", "path": "/api/sms", "body": body}]})
    assert [doc["sms_message"]["gateway_ref"] for doc in made.cht.state.all_docs()] == ["1"]


def listed(control: FlaskClient, path: str = "/cht/docs") -> list[dict[str, Any]]:
    docs: list[dict[str, Any]] = control.get(path).get_json()["docs"]
    return docs


def test_documents_are_listed_without_revisions_settings_and_translations() -> None:
    made = world({"docs": [{"_id": "a"}, {"_id": "settings"}, {"_id": "messages-en"}, {"_id": "_design/medic"}]})
    assert listed(made.control) == [{"_id": "a"}]


def test_sentinel_documents_are_listed_apart() -> None:
    made = world({})
    made.cht.state.sentinel.save({"_id": "a-info"})
    assert listed(made.control, "/cht/docs?db=sentinel") == [{"_id": "a-info"}]
    assert listed(made.control) == []
    assert made.control.get("/cht/docs?db=users").status_code == 400


@pytest.mark.parametrize("name", ["schedules", "send", "poll"])
def test_a_pass_of_the_background_work_can_be_run(name: str) -> None:
    assert world({}).control.post("/cht/run", json={"pass": name}).status_code == 200


@pytest.mark.parametrize("body", [{}, {"pass": "sweep"}, [], {"pass": ["send"]}])
def test_a_pass_that_does_not_exist_is_refused(body: Any) -> None:
    assert world({}).control.post("/cht/run", json=body).status_code == 400


def test_the_server_can_be_set_to_starting_and_to_ready() -> None:
    made = world({})
    check = {"method": "GET", "path": "/api/info", "headers": {"Accept": "application/json"}}
    made.control.put("/cht/server", json={"state": "starting"})
    assert send(made.cht, check).status == 503
    made.control.put("/cht/server", json={"state": "ready"})
    assert send(made.cht, check).status == 200


def test_metrics_count_documents_and_messages_by_state() -> None:
    message = {"to": "+250788123456", "message": "hi", "uuid": "u"}
    doc = {"_id": "a", "reported_date": 1, "tasks": [{"messages": [message], "state": "forwarded-to-gateway"}]}
    assert world({"docs": [doc]}).cht.metrics() == {"documents": 1, "messages_forwarded_to_gateway": 1}


def test_every_credential_and_password_is_a_secret() -> None:
    made = world({"credentials": {"rapidpro:incoming": "t1"}, "users": {"eve": {"password": "p1", "roles": []}}})
    assert made.cht.secrets() == {
        "cht:credential rapidpro:incoming": "t1",
        "cht:password of eve": "p1",
        "cht:password of admin": "pass",
    }


def test_an_unknown_release_is_refused() -> None:
    made = world({})
    with pytest.raises(ValueError, match=r"3\.11, 4\.4, .*5\.2"):
        Cht(made.clock, session=None, rng=None, release="4.0")  # type: ignore[arg-type] # refused before they are used
