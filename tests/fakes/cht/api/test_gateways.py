"""The fake CHT as its callers meet it: a gateway phone, RapidPro, an aggregator; good input and bad."""

from __future__ import annotations

import gzip
import json
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.cht.messaging.messaging import Messaging
from tests.fakes.cht.client import GATEWAY, Client, client

TOKEN = {"Authorization": "Token cht-incoming-token"}
WEBHOOK = "/api/v2/sms/rapidpro/incoming-messages"
JSON = {"Content-Type": "application/json"}


def reminder(number: int, **more: Any) -> dict[str, Any]:
    message = {"to": "+250788123456", "message": f"Take your tablet, day {number}", "uuid": f"u-{number:03}"}
    task = {"messages": [message], "state": "pending", "state_history": [], **more}
    return {
        "_id": f"d-{number:03}",
        "type": "data_record",
        "reported_date": 1_600_000_000_000 + number,
        "tasks": [task],
    }


def phone(docs: list[dict[str, Any]] | None = None) -> Client:
    world = client({"docs": docs or [], "settings": {"sms": {"outgoing_service": "medic-gateway"}}}, user=GATEWAY)
    world.cht.state.credentials["rapidpro:incoming"] = "cht-incoming-token"
    world.cht.state.credentials["africastalking.com:incoming"] = "key"
    return world


def exchange(cht: Client, **body: Any) -> list[dict[str, Any]]:
    answer = cht.post("/api/sms", data=json.dumps(body), headers=JSON)
    assert answer.status_code == 200, answer.text
    messages: list[dict[str, Any]] = answer.json()["messages"]
    return messages


def state_of(cht: Client, number: int) -> str:
    doc = cht.cht.state.get(f"d-{number:03}")
    assert doc is not None
    return str(doc["tasks"][0]["state"])


def test_a_phone_that_acknowledges_drains_the_queue() -> None:
    cht = phone([reminder(number) for number in range(60)])
    got: list[str] = []
    updates: list[dict[str, str]] = []
    for _ in range(4):
        messages = exchange(cht, updates=updates)
        got += [message["id"] for message in messages]
        updates = [{"id": message["id"], "status": "SENT"} for message in messages]
    assert got == [f"u-{number:03}" for number in range(60)]
    assert exchange(cht, updates=updates) == []
    assert {state_of(cht, number) for number in range(60)} == {"sent"}


def test_messages_that_nobody_acknowledges_are_handed_out_again_and_block_the_rest() -> None:
    cht = phone([reminder(number) for number in range(30)])
    first = exchange(cht)
    assert len(first) == 25
    assert exchange(cht) == first
    assert (state_of(cht, 0), state_of(cht, 29)) == ("forwarded-to-gateway", "pending")


def test_a_message_due_in_the_future_is_handed_out_last_but_not_held_back() -> None:
    cht = phone([reminder(1, due="2099-01-01T00:00:00.000Z"), reminder(2)])
    assert [message["id"] for message in exchange(cht)] == ["u-002", "u-001"]


@pytest.mark.parametrize("sms", [{}, {"outgoing_service": "none"}, {"outgoing_service": "rapidpro"}, "medic-gateway"])
def test_nothing_is_handed_out_when_another_service_sends(sms: Any) -> None:
    cht = phone([reminder(1)])
    cht.cht.state.settings = {**cht.cht.state.settings, "sms": sms}
    assert exchange(cht) == []
    assert state_of(cht, 1) == "pending"


def test_a_state_that_no_phone_should_send_is_kept_and_the_reason_is_not() -> None:
    cht = phone([reminder(1)])
    exchange(cht, updates=[{"id": "u-001", "status": "sent", "reason": "x"}, {"id": "nobody", "status": "SENT"}])
    doc = cht.cht.state.get("d-001")
    assert doc is not None
    history = doc["tasks"][0]["state_history"]
    assert history[0]["state_details"] == {"gateway_status": "sent"}


def test_texts_are_saved_even_if_the_states_beside_them_make_no_sense() -> None:
    cht = phone()
    body = {"messages": [{"id": "1", "from": "+250788123456", "content": "hi"}], "updates": [None]}
    assert cht.post("/api/sms", data=json.dumps(body), headers=JSON).status_code == 500
    assert [doc["sms_message"]["message"] for doc in cht.cht.state.all_docs()] == ["hi"]


def test_a_text_is_stored_unchanged_when_a_transition_fails() -> None:
    cht = phone()
    notes: list[str] = []
    cht.cht.on_unexpected = notes.append
    cht.cht.state.settings = {**cht.cht.state.settings, "transitions": {"default_responses": {}}}

    def break_down(doc: dict[str, Any]) -> None:
        doc["sms_message"] = None
        raise ZeroDivisionError("by chance")

    messaging = Messaging(cht.cht.state, break_down, lambda _doc_id: None)
    messaging.warn = notes.append
    assert messaging.save_incoming([{"id": "1", "from": "+250788123456", "content": "hi"}]) == 1
    (record,) = cht.cht.state.all_docs()
    assert record["sms_message"]["message"] == "hi"
    assert [note.partition(" failed with ")[2] for note in notes] == ["ZeroDivisionError: by chance"]


def test_with_transitions_ids_are_uuids_of_version_7() -> None:
    cht = phone()
    cht.cht.state.settings = {**cht.cht.state.settings, "transitions": {"update_sent_by": {}}}
    exchange(cht, messages=[{"id": "1", "from": "+250788123456", "content": "hi"}])
    (record,) = cht.cht.state.all_docs()
    assert uuid.UUID(record["_id"]).version == 7
    cht.cht.state.settings = {**cht.cht.state.settings, "transitions": {"update_sent_by": {"disable": True}}}
    exchange(cht, messages=[{"id": "2", "from": "+250788123456", "content": "hi"}])
    assert sorted(len(doc["_id"]) for doc in cht.cht.state.all_docs()) == [32, 36]


def test_an_empty_list_or_object_is_a_value_to_the_server() -> None:
    cht = phone()
    body = {"id": "1", "from": "+250788123456", "content": []}
    assert cht.post(WEBHOOK, json=body, auth=None, headers=TOKEN).json() == {"saved": 1}


def test_ids_that_are_objects_are_never_taken_for_duplicates() -> None:
    cht = phone()
    body = {"id": {"a": 1}, "from": "+250788123456", "content": "hi"}
    for _ in range(2):
        assert cht.post(WEBHOOK, json=body, auth=None, headers=TOKEN).status_code == 200
    assert len(list(cht.cht.state.all_docs())) == 2


def test_after_a_record_is_deleted_its_id_is_free_again() -> None:
    cht = phone()
    body = {"id": "1", "from": "+250788123456", "content": "hi"}
    assert cht.post(WEBHOOK, json=body, auth=None, headers=TOKEN).status_code == 200
    assert cht.post(WEBHOOK, json=body, auth=None, headers=TOKEN).status_code == 400
    (record,) = cht.cht.state.all_docs()
    assert cht.delete(f"/medic/{record['_id']}?rev={record['_rev']}", auth=("admin", "pass")).status_code == 200
    assert cht.post(WEBHOOK, json=body, auth=None, headers=TOKEN).status_code == 200


def test_texts_with_one_id_are_all_saved_when_they_meet_and_only_once_when_they_do_not() -> None:
    cht = phone()
    body = {"id": "1", "from": "+250788123456", "content": "hi"}
    others: list[int] = []

    def meanwhile(seconds: float) -> None:
        assert 0 < seconds < 0.1
        if not others:
            others.append(0)
            others[0] = cht.post(WEBHOOK, json=body, auth=None, headers=TOKEN).status_code

    cht.cht.simulate_database_delay(meanwhile)
    assert cht.post(WEBHOOK, json=body, auth=None, headers=TOKEN).status_code == 200
    assert others == [200]
    assert len(list(cht.cht.state.all_docs())) == 2
    assert cht.post(WEBHOOK, json=body, auth=None, headers=TOKEN).status_code == 400


def test_large_numbers_are_kept_as_javascript_keeps_them() -> None:
    cht = phone()
    text = '{"id": 12345678901234567890, "from": "+250788123456", "content": 1.0}'
    assert cht.post(WEBHOOK, data=text, auth=None, headers={**TOKEN, **JSON}).status_code == 200
    (record,) = cht.cht.state.all_docs()
    assert record["sms_message"]["gateway_ref"] == 12345678901234567000
    assert record["sms_message"]["message"] == 1
    again = text.replace("12345678901234567890", "12345678901234567891")
    assert cht.post(WEBHOOK, data=again, auth=None, headers={**TOKEN, **JSON}).status_code == 400


BODY = b'{"id": "1", "from": "+250788123456", "content": "hi"}'


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (gzip.compress(BODY, mtime=0), {"Content-Encoding": "gzip"}, 200),
        (gzip.compress(BODY, mtime=0)[:-9], {"Content-Encoding": "gzip"}, 500),
        (BODY, {"Content-Encoding": "gzip"}, 500),
        (BODY, {"Content-Encoding": "rot13"}, 500),
        (BODY.decode().encode("utf-16"), {"Content-Type": "application/json; charset=utf-16"}, 200),
        (BODY, {"Content-Type": "application/json; charset=latin-1"}, 500),
        (BODY, {"Content-Type": "APPLICATION/JSON"}, 200),
        (BODY, {"Content-Type": "text/json"}, 400),
        (b"\xef\xbb\xbf" + BODY, {}, 200),
        (b"  \n" + BODY, {}, 200),
        (b"   ", {}, 500),
        (b"NaN", {}, 500),
        (b'{"id": NaN, "from": "1", "content": "hi"}', {}, 500),
        (b"[" * 100_000, {}, 500),
        (b'{"id": ' + b"1" * 5000 + b', "from": "1", "content": "hi"}', {}, 400),
        (b'{"id": "1", "from": "1", "content": "\xff\xfe"}', {}, 200),
        (b'{"id": "1", "from": "1", "content": "\\ud800"}', {}, 200),
        (BODY + b"x", {}, 500),
        (b'{"id": "1", "id": "", "from": "1", "content": "hi"}', {}, 400),
    ],
)
def test_a_body_is_read_as_the_real_parser_reads_it(body: bytes, headers: dict[str, str], status: int) -> None:
    cht = phone()
    answer = cht.post(WEBHOOK, data=body, auth=None, headers={**TOKEN, **JSON, **headers})
    assert (answer.status_code, len(list(cht.cht.state.all_docs()))) == (status, 1 if status == 200 else 0)


def test_a_packed_body_that_unpacks_to_too_much_is_refused() -> None:
    body = gzip.compress(b'{"content": "' + b"x" * (33 * 1024 * 1024) + b'"}', 1)
    headers = {**TOKEN, **JSON, "Content-Encoding": "gzip"}
    assert phone().post(WEBHOOK, data=body, auth=None, headers=headers).status_code == 413


def test_a_body_of_ten_megabytes_is_a_long_text_like_any_other() -> None:
    cht = phone()
    text = "x" * (10 * 1024 * 1024)
    body = {"id": "1", "from": "+250788123456", "content": text}
    assert cht.post(WEBHOOK, json=body, auth=None, headers=TOKEN).status_code == 200
    (record,) = cht.cht.state.all_docs()
    assert record["sms_message"]["message"] == text


def test_an_aggregator_form_with_a_repeated_or_odd_key_is_refused() -> None:
    cht = phone()
    path = "/api/v1/sms/africastalking/incoming-messages"
    form = {"id": "1", "from": "+250788123456", "text": "hi"}
    for query in ("", "?key=", "?key=key&key=key", "?key[]=key", "?KEY=key"):
        assert cht.post(path + query, data=form, auth=None).status_code == 403
    assert cht.post(path + "?key=key", data=form, auth=None).json() == {"saved": 1}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["id", "from", "content", "messages", "updates", "status", "reason", "_meta", "docs", "keys"])
BODIES = st.dictionaries(FIELDS, JSON_VALUES | st.lists(st.dictionaries(FIELDS, JSON_VALUES)), max_size=4)
ROUTES = st.sampled_from(
    [
        ("POST", WEBHOOK),
        ("POST", "/api/sms"),
        ("POST", "/api/v2/records"),
        ("POST", "/api/v1/sms/africastalking/delivery-reports?key=key"),
        ("PUT", "/api/v1/settings"),
        ("PUT", "/medic/some-doc"),
        ("POST", "/medic/_bulk_docs"),
        ("POST", "/medic/_find"),
        ("POST", "/medic/_all_docs"),
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(route=ROUTES, body=BODIES | JSON_VALUES)
def test_no_json_whatever_brings_the_server_down(route: tuple[str, str], body: Any) -> None:
    method, path = route
    cht = phone([reminder(1)])
    auth = None if path == WEBHOOK else ("admin", "pass")
    answer = cht.call(method, path, auth=auth, data=json.dumps(body), headers={**JSON, **(TOKEN if not auth else {})})
    assert answer.status_code in (200, 201, 400, 404, 405, 409, 500)
    if "settings" not in path:
        assert len(exchange(cht)) <= 25


@settings(max_examples=100, deadline=None)
@given(
    body=st.binary(max_size=60), kind=st.sampled_from(["application/json", "application/x-www-form-urlencoded", "x"])
)
def test_no_bytes_whatever_bring_the_server_down(body: bytes, kind: str) -> None:
    cht = phone()
    for path in (WEBHOOK, "/api/sms", "/api/v1/sms/africastalking/incoming-messages?key=key", "/api/v2/records"):
        answer = cht.post(path, data=body, headers={"Content-Type": kind})
        assert answer.status_code in (200, 400, 403, 500)
