"""What differs between releases in CHT's API, and in what CHT generates."""

from __future__ import annotations

import random
from typing import Any

import pytest
import requests

from fakes.cht.javascript.dates import iso
from fakes.cht.releases.table import RELEASES
from fakes.cht.service import Cht
from fakes.clock import VirtualClock
from fakes.serving.wsgi import Reply
from tests.fakes.cht.recorded_traffic import RECORDED_AT, send

RIGHT = "/api/v2/sms/rapidpro/incoming-messages"
MISSPELT = "/api/v1/sms/radpidpro/incoming-messages"
TOKEN = {"Authorization": "Token in-token", "Content-Type": "application/json"}
BODY = '{"id": "m-1", "from": "+13125550102", "content": "hello"}'
BASIC = "Basic YWRtaW46cGFzcw=="
WRONG = "Basic YWRtaW46d3Jvbmc="
EACH = pytest.mark.parametrize("name", RELEASES)


def release(name: str, **given: Any) -> Cht:
    made = Cht(VirtualClock(RECORDED_AT), session=requests.Session(), rng=random.Random(1), release=name)
    made.seed({"credentials": {"rapidpro:incoming": "in-token"}, **given})
    return made


def ask(made: Cht, method: str, path: str, headers: dict[str, str], body: str | None = None) -> Reply:
    return send(made, {"method": method, "path": path, "headers": headers, "body": body})


@EACH
def test_the_misspelt_path_is_always_there_and_the_right_one_since_4_1(name: str) -> None:
    made = release(name)
    assert ask(made, "POST", MISSPELT, TOKEN, BODY).status == 200
    again = ask(made, "POST", RIGHT, TOKEN, BODY.replace("m-1", "m-2"))
    assert (again.status == 200) is (name != "3.11")


@EACH
@pytest.mark.parametrize(
    ("accept", "always"),
    [("application/json", True), ("application/json, text/plain;q=0.5", False), ("text/plain", None)],
)
def test_errors_are_negotiated_since_4_5(name: str, accept: str, always: bool | None) -> None:
    answer = ask(release(name), "POST", MISSPELT, {"Accept": accept, "Content-Type": "application/json"}, BODY)
    assert answer.status == 403
    kind = dict(answer.headers)["Content-Type"].partition(";")[0]
    is_json = always or (always is False and name not in ("3.11", "4.4"))
    assert kind == ("application/json" if is_json else "text/plain")


@EACH
def test_failed_logins_are_limited_since_4_6(name: str) -> None:
    made = release(name)
    statuses = [ask(made, "GET", "/api/deploy-info", {"Authorization": WRONG}).status for _ in range(12)]
    assert (429 in statuses) is (name not in ("3.11", "4.4"))


@EACH
def test_each_tells_its_version_to_those_who_may_know(name: str) -> None:
    answer = ask(release(name), "GET", "/api/deploy-info", {"Authorization": BASIC, "Accept": "application/json"})
    assert f'"{name}.0"'.encode() in answer.body


@EACH
def test_uuids_are_of_version_7_since_5_2(name: str) -> None:
    assert release(name).state.new_uuid()[14] == ("7" if name == "5.2" else "4")


def waiting_for_text(made: Cht) -> Any:
    made.background.run("schedules")
    (doc,) = [doc for doc in made.state.all_docs() if doc["_id"] == "r"]
    return doc["scheduled_tasks"]


def reminder(**task: Any) -> dict[str, Any]:
    return {"_id": "r", "type": "data_record", "from": "+13125550102", "scheduled_tasks": [{**task}]}


@EACH
def test_failing_schedules_are_cleared_since_5_1(name: str) -> None:
    due = {"due": iso(RECORDED_AT), "state": "scheduled", "message_key": "no.such.key", "recipient": "clinic"}
    made = release(name, settings={"sms": {"clear_failing_schedules": True}}, docs=[reminder(**due)])
    (task,) = waiting_for_text(made)
    assert task["state"] == ("clear" if name in ("5.1", "5.2") else "scheduled")


@EACH
def test_an_unknown_recipient_may_stay_what_it_is_since_5_1(name: str) -> None:
    text = [{"content": "come", "locale": "en"}]
    due = {"due": iso(RECORDED_AT), "state": "scheduled", "message": text, "recipient": "nobody"}
    made = release(name, settings={"sms": {"default_to_sender": False}}, docs=[reminder(**due)])
    (task,) = waiting_for_text(made)
    assert task["messages"][0]["to"] == ("nobody" if name in ("5.1", "5.2") else "+13125550102")
