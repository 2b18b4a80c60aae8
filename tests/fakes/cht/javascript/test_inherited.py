"""Words that every JavaScript object has a property for, where CHT looks words up in a plain object."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.cht.api.gateways import GATEWAY_STATES, REPORT_STATES
from fakes.cht.couch.documents import Doc
from fakes.cht.javascript.inherited import FUNCTIONS, inherited, look_up
from fakes.cht.messages.generator import Messages
from fakes.cht.messages.history import History
from fakes.cht.messaging import africastalking, rapidpro
from tests.fakes.cht.client import GATEWAY, client
from tests.fakes.cht.messaging.gateway import JSON, message_state, pending, sending, under_way

WORDS = (
    "constructor", "__defineGetter__", "__defineSetter__", "hasOwnProperty", "__lookupGetter__", "__lookupSetter__",
    "isPrototypeOf", "propertyIsEnumerable", "toString", "valueOf", "__proto__", "toLocaleString",
)  # fmt: skip
"""`Object.getOwnPropertyNames(Object.prototype)` of Node 20."""
TABLES = (GATEWAY_STATES, REPORT_STATES, rapidpro.STATES, africastalking.STATES)


def expected(word: str) -> dict[str, Any]:
    """What is stored of a state that is not a text: JSON omits functions."""
    return {"state": {}} if word == "__proto__" else {}


def state_of(task: Doc) -> dict[str, Any]:
    return {key: task[key] for key in ("state", "gateway_ref", "state_details") if key in task}


@pytest.mark.parametrize("word", WORDS)
def test_a_gateway_status_that_is_inherited_makes_the_task_lose_its_state(word: str) -> None:
    cht = client({"docs": pending(1)}, user=None)
    cht.cht.seed({"users": {GATEWAY[0]: {"password": GATEWAY[1], "roles": ["admin"]}}, "docs": pending(1)})
    cht.user = GATEWAY
    for times in (1, 2):
        update = {"id": "u-000", "status": word, **({"reason": "none"} if times == 2 else {})}
        assert cht.post("/api/sms", json={"updates": [update]}).status_code == 200
        task = (cht.cht.state.get("d-000") or {})["tasks"][0]
        details = {"state_details": {"reason": "none"}} if times == 2 else {}
        assert state_of(task) == {**expected(word), **details}
        entry = task["state_history"][-1]
        assert {key: entry[key] for key in entry if key != "timestamp"} == {**expected(word), **details}
        assert len(task["state_history"]) == 1 + times, "a function never equals the state, so it is recorded each time"


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("release", ["5.2", "3.11"])
def test_a_broadcast_status_that_is_inherited_makes_the_task_lose_its_state(word: str, release: str) -> None:
    body = json.dumps({"id": 7, "status": word})
    made = sending(lambda _n, _r: {"status": 201, "content_type": JSON, "body": body}, pending(1), release=release)
    made.run("send")
    assert state_of(made.task()) == {"gateway_ref": 7}
    assert made.run("send") == [], "a task without a state waits for nothing"


@pytest.mark.parametrize("word", WORDS)
def test_a_polled_status_that_is_inherited_makes_the_task_lose_its_state(word: str) -> None:
    made = sending(lambda _n, _r: message_state(word), under_way(1))
    made.run("poll")
    assert state_of(made.task()) == {"gateway_ref": 600}
    assert made.run("poll") == []


@pytest.mark.parametrize("word", WORDS)
def test_a_delivery_report_with_an_inherited_status_is_taken(word: str) -> None:
    cht = client({"credentials": {"africastalking.com:incoming": "k"}, "docs": under_way(1)})
    path = "/api/v1/sms/africastalking/delivery-reports?key=k"
    doc = cht.cht.state.get("d-000") or {}
    doc["tasks"][0]["gateway_ref"] = "ref"
    cht.cht.state.save(doc)
    answer = cht.post(path, data={"id": "ref", "status": word})
    assert (answer.status_code, answer.json()) == (200, {"saved": 1})
    task = (cht.cht.state.get("d-000") or {})["tasks"][0]
    assert state_of(task) == {**expected(word), "gateway_ref": "ref"}


@pytest.mark.parametrize("word", WORDS)
def test_a_recipient_that_is_inherited_is_no_number_and_not_the_sender(word: str) -> None:
    state = client().cht.state
    doc: Doc = {"from": "+250788123456", "fields": {}}
    Messages(state, History()).add(doc, {"message": "hello"}, word)
    (message,) = doc["tasks"][0]["messages"]
    assert message.get("to") == ({} if word == "__proto__" else None)
    assert ("to" in message) is (word == "__proto__")


def test_the_words_are_those_of_javascript_and_no_others() -> None:
    assert {*FUNCTIONS, "__proto__"} == set(WORDS)
    assert inherited("length") is inherited("Constructor") is None


@given(st.sampled_from(TABLES), st.one_of(st.text(), st.sampled_from(WORDS)))
def test_a_table_has_its_own_words_first_then_the_inherited_ones(table: Any, word: str) -> None:
    otherwise: Any = {} if word == "__proto__" else FUNCTIONS.get(word)
    assert look_up(table, word) == table.get(word, otherwise)
