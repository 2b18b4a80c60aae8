"""Africa's Talking as CHT's outgoing service, against a small fake of it (nothing of this was recorded)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from fakes.africastalking import AfricasTalking
from fakes.cht.service import Cht
from fakes.clock import VirtualClock
from fakes.serving.transport import WSGIAdapter
from tests.fakes.cht.messaging.gateway import pending
from tests.fakes.cht.recorded_traffic import send
from tests.scripted_server import Script, session

LIVE, SANDBOX = "https://api.africastalking.com", "https://api.sandbox.africastalking.com"
TO = "+13125550102"


@dataclass
class World:
    cht: Cht
    clock: VirtualClock
    service: AfricasTalking

    def task(self, number: int = 0) -> dict[str, Any]:
        doc = self.cht.state.get(f"d-{number:03}")
        assert doc is not None
        return dict(doc["tasks"][0])


def given(username: str = "clinic", **sms: Any) -> dict[str, Any]:
    service = {"outgoing_service": "africas-talking", "africas_talking": {"username": username}}
    return {
        "settings": {"sms": {**service, **sms}, "default_country_code": 1},
        "credentials": {"africastalking.com:outgoing": "key", "africastalking.com:incoming": "in-key"},
        "docs": pending(1),
    }


def world(seed: Mapping[str, Any], codes: Mapping[str, int] | None = None, release: str = "5.2") -> World:
    service = AfricasTalking(seed["settings"]["sms"]["africas_talking"]["username"], "key", dict(codes or {}))
    made = requests.Session()
    for url in (LIVE, SANDBOX):
        made.mount(url, WSGIAdapter(service))
    clock = VirtualClock()
    cht = Cht(clock, session=made, rng=random.Random(1), release=release)
    cht.seed(seed)
    return World(cht, clock, service)


def test_a_message_is_sent_on_the_clock_and_keeps_the_reference_of_the_service() -> None:
    made = world(given(reply_to="CLINIC"))
    made.clock.advance(60)
    (text,) = made.service.texts
    assert (text.sender, text.to, text.message) == ("CLINIC", TO, "text u-000")
    task = made.task()
    assert (task["state"], task["state_details"], task["gateway_ref"]) == ("sent", "Sent", text.id)
    made.clock.advance(600)
    assert len(made.service.texts) == 1


@pytest.mark.parametrize(
    ("code", "state", "details"),
    [
        (100, "forwarded-by-gateway", "Processed"),
        (101, "sent", "Sent"),
        (102, "received-by-gateway", "Queued"),
        (401, "failed", "RiskHold"),
        (403, "failed", "InvalidPhoneNumber"),
        (404, "failed", "UnsupportedNumberType"),
        (406, "denied", "UserInBlacklist"),
        (407, "failed", "CouldNotRoute"),
    ],
)
def test_a_status_code_becomes_a_state(code: int, state: str, details: str) -> None:
    made = world(given(), {TO: code})
    made.cht.background.run("send")
    assert (made.task()["state"], made.task()["state_details"]) == (state, details)


@pytest.mark.parametrize("code", [402, 405, 500, 501, 502])
def test_errors_of_the_service_are_retried_by_every_pass(code: int) -> None:
    made = world(given(), {TO: code})
    made.clock.advance(120)
    assert made.task()["state"] == "pending"
    made.service.codes.clear()
    made.clock.advance(60)
    assert made.task()["state"] == "sent"


def test_a_wrong_key_is_retried_by_every_pass() -> None:
    made = world(given())
    made.service.key = "another"
    made.clock.advance(60)
    assert made.task()["state"] == "pending"


def test_the_delivery_report_finds_the_message_by_the_reference() -> None:
    made = world(given())
    made.cht.background.run("send")
    body = made.service.report(made.service.texts[0], "Failed", "AbsentSubscriber")
    path = "/api/v1/sms/africastalking/delivery-reports?key=in-key"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert send(made.cht, {"method": "POST", "path": path, "headers": headers, "body": body}).status == 200
    assert (made.task()["state"], made.task()["state_details"]) == ("failed", "AbsentSubscriber")


def scripted(answer: Mapping[str, Any], seed: Mapping[str, Any], release: str = "5.2") -> tuple[Cht, Script]:
    script = Script(lambda _number, _request: answer)
    cht = Cht(VirtualClock(), session=session(script, [LIVE, SANDBOX]), rng=random.Random(1), release=release)
    cht.seed(seed)
    cht.background.run("send")
    return cht, script


TAKEN = '{"SMSMessageData": {"Recipients": [{"statusCode": 101, "messageId": "ATXid_1"}]}}'
OK = {"status": 201, "content_type": "application/json", "body": TAKEN}


@pytest.mark.parametrize("code", ["constructor", "toString", "__proto__"])
def test_a_status_code_that_every_object_inherits_makes_the_task_lose_its_state(code: str) -> None:
    cht, _ = scripted({**OK, "body": TAKEN.replace("101", f'"{code}"')}, given())
    task = (cht.state.get("d-000") or {})["tasks"][0]
    assert ("state" in task, task["gateway_ref"]) == (False, "ATXid_1")


def test_the_call_is_a_form_with_the_key_in_a_header() -> None:
    _, script = scripted(OK, given(reply_to="A & B ~*"))
    assert script.asked[0] == {
        "method": "POST",
        "path": "/version1/messaging",
        "headers": {
            "apikey": "key",
            "accept": "application/json",
            "content-type": "application/x-www-form-urlencoded",
            "user-agent": "Community Health Toolkit/5.2.0 (linux,x64)",
        },
        "body": "username=clinic&from=A+%26+B+%7E*&to=%2B13125550102&message=text+u-000",
    }


@pytest.mark.parametrize(("release", "sender"), [("5.2", "&from=undefined"), ("3.11", "")])
def test_without_a_sender_fetch_sends_the_word_undefined(release: str, sender: str) -> None:
    _, script = scripted(OK, given(), release)
    assert script.asked[0]["body"] == f"username=clinic{sender}&to=%2B13125550102&message=text+u-000"


def test_the_sandbox_account_calls_the_sandbox() -> None:
    made = requests.Session()
    service = AfricasTalking("sandbox", "key")
    made.mount(SANDBOX, WSGIAdapter(service))
    cht = Cht(VirtualClock(), session=made, rng=random.Random(1))
    cht.seed(given("sandbox"))
    cht.background.run("send")
    assert len(service.texts) == 1


@pytest.mark.parametrize(
    ("answer", "states"),
    [
        ({**OK, "status": 500}, ("pending", "sent")),
        ({**OK, "content_type": "text/plain"}, ("pending", "sent")),
        ({**OK, "body": "{"}, ("pending", "pending")),
        ({**OK, "body": "null"}, ("pending", "pending")),
        ({**OK, "body": '{"SMSMessageData": {"Recipients": []}}'}, ("pending", "pending")),
        ({**OK, "body": TAKEN.replace("101", '"101"')}, ("sent", "sent")),
        ({**OK, "body": TAKEN.replace("101", "999")}, ("pending", "pending")),
        ({"reset": True}, ("pending", "pending")),
    ],
)
def test_the_first_releases_read_the_body_whatever_status_and_type_it_came_with(
    answer: Mapping[str, Any], states: tuple[str, str]
) -> None:
    for release, state in zip(("5.2", "3.11"), states, strict=True):
        cht, _ = scripted(answer, given(), release)
        doc = cht.state.get("d-000")
        assert doc is not None
        assert doc["tasks"][0]["state"] == state


def test_without_user_name_or_key_nothing_is_sent() -> None:
    for seed in (given(username=""), {**given(), "credentials": {}}):
        _, script = scripted(OK, seed)
        assert script.asked == []


def test_the_real_service_is_never_called_without_a_mounted_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> requests.Response:
        raise AssertionError("a request left the house")

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", never)
    cht = Cht(VirtualClock(), session=requests.Session(), rng=random.Random(1))
    cht.seed(given())
    cht.background.run("send")
    doc = cht.state.get("d-000")
    assert doc is not None
    assert doc["tasks"][0]["state"] == "pending"


@pytest.mark.parametrize(
    ("path", "headers", "body", "status"),
    [
        ("/version2/messaging", {"apikey": "key"}, "", 404),
        ("/version1/messaging", {}, "username=clinic&to=1&message=a", 401),
        ("/version1/messaging", {"apikey": "key"}, "username=other&to=1&message=a", 401),
        ("/version1/messaging", {"apikey": "key"}, "username=clinic&message=a", 400),
    ],
)
def test_the_fake_service_rejects_invalid_requests(path: str, headers: dict[str, str], body: str, status: int) -> None:
    service = AfricasTalking("clinic", "key")
    made = requests.Session()
    made.mount(LIVE, WSGIAdapter(service))
    assert made.post(LIVE + path, data=body, headers=headers).status_code == status
    assert service.texts == []
