"""Answers of RapidPro to CHT's own gateway that vary the recorded ones, as release 5.2 takes them.

Sources: cht-core `api/src/services/rapidpro.js`, `api/src/services/messaging.js`,
`shared-libs/task-utils/src/task-utils.js`, `shared-libs/couch-request/src/couch-request.js`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from fakes.cht.messages.task_state import NULL, set_task_state
from tests.fakes.cht.messaging.gateway import GIVEN, JSON, message_state, pending, refused, sending, taken, under_way
from tests.scripted_server import Recorded

NOW = datetime(2024, 10, 1, tzinfo=UTC)


def answer(body: str) -> Callable[[int, Recorded], dict[str, Any]]:
    return lambda _number, _request: {"status": 201, "content_type": JSON, "body": body}


@pytest.mark.parametrize(
    ("body", "state", "reference"),
    [
        ('{"id": null, "status": "queued"}', "received-by-gateway", {"gateway_ref": None}),
        ('{"id": 0, "status": "wired"}', "forwarded-by-gateway", {"gateway_ref": 0}),
        ('{"id": "", "status": "sent"}', "sent", {"gateway_ref": ""}),
        ('{"id": {"a": 1}, "status": "sent"}', "sent", {"gateway_ref": {"a": 1}}),
        ('{"id": 7, "status": ["sent"]}', "sent", {"gateway_ref": 7}),
        ('{"id": 7, "status": 5}', "received-by-gateway", {"gateway_ref": 7}),
        ('{"id": 7, "status": null}', "received-by-gateway", {"gateway_ref": 7}),
        ("[]", "received-by-gateway", {}),
        ("5", "received-by-gateway", {}),
        ('"queued"', "received-by-gateway", {}),
        ("0", "pending", {}),
        ("false", "pending", {}),
        ('""', "pending", {}),
    ],
)
def test_what_an_odd_answer_to_a_broadcast_makes_of_the_task(body: str, state: str, reference: dict[str, Any]) -> None:
    made = sending(answer(body), pending(1))
    made.run("send")
    task = made.task()
    assert task["state"] == state
    assert {key: task[key] for key in task if key == "gateway_ref"} == reference


@pytest.mark.parametrize(
    ("body", "asked_again"),
    [
        ('{"results": "abc"}', False),
        ('{"results": [5]}', False),
        ('{"results": [{}]}', False),
        ('{"results": [[]]}', False),
        ('{"results": [false]}', True),
        ('{"results": {"0": {"status": "sent"}}}', True),
        ('{"results": []}', True),
        ("[]", True),
        ('"text"', True),
        ("null", True),
    ],
)
def test_what_an_odd_answer_to_a_poll_means_for_the_message(body: str, asked_again: bool) -> None:
    """Whatever is there but has no status counts as queued; else nothing is known."""
    waiting = under_way(1)
    waiting[0]["tasks"][0]["state"] = "sent"
    made = sending(answer(body), waiting)
    made.run("poll")
    assert made.task()["state"] == ("sent" if asked_again else "received-by-gateway")


def test_a_429_on_the_second_page_leaves_the_rest_and_the_pointer_where_they_are() -> None:
    made = sending(lambda number, _request: refused(429) if number == 30 else message_state("queued"), under_way(60))
    made.run("poll")
    assert len(made.polled) == 31
    made.script.answer_with(lambda _number, _request: message_state("queued"))
    made.run("poll")
    assert made.polled[31] == "630", "30 rows were asked and had not changed, so the next pass begins after these"
    assert made.polled[31:] == [str(600 + number) for number in range(30, 60)]
    made.run("poll")
    assert made.polled[61] == "600", "an empty page took the pointer back"


def test_rows_that_changed_are_written_though_a_429_ends_the_pass() -> None:
    made = sending(lambda number, _request: refused(429) if number == 2 else message_state("delivered"), under_way(4))
    made.run("poll")
    assert made.states() == ["delivered", "delivered", "received-by-gateway", "received-by-gateway"]


def test_several_batches_are_sent_one_batch_in_each_pass_in_order_of_date() -> None:
    made = sending(taken(), pending(60))
    for sent in (25, 50, 60, 60):
        made.run("send")
        assert made.texts == [f"text u-{number:03}" for number in range(sent)]


def test_a_429_in_the_middle_of_a_batch_stops_nothing_and_comes_first_the_next_time() -> None:
    made = sending(lambda number, request: refused(429) if number == 1 else taken()(number, request), pending(4))
    made.run("send")
    made.run("send")
    assert made.texts == [f"text u-{number:03}" for number in (0, 1, 2, 3, 1)]


@pytest.mark.parametrize(
    ("token", "sent"),
    [(" abc\n", "Token  abc"), ("a b", "Token a b"), ("a\nb", None), ("tök€n", None)],
)
def test_a_token_goes_into_the_header_as_far_as_a_header_can_hold_it(token: str, sent: str | None) -> None:
    made = sending(taken(), pending(1), {**GIVEN, "credentials": {"rapidpro:outgoing": token}})
    made.run("send")
    assert [request["headers"]["authorization"] for request in made.script.asked] == ([] if sent is None else [sent])
    assert made.states() == ["pending" if sent is None else "received-by-gateway"]


@pytest.mark.parametrize(
    ("task", "details", "reference", "recorded"),
    [
        ({"state_details": True}, 1, None, True),
        ({"state_details": 1}, 1, None, False),
        ({"state_details": [1]}, [1], None, True),
        ({"gateway_ref": {"a": 1}}, None, {"a": 1}, True),
        ({"gateway_ref": True}, None, 1, True),
        ({"gateway_ref": 5}, "", 0, False),
        ({"gateway_ref": 5}, None, NULL, False),
    ],
)
def test_details_and_references_are_compared_with_their_types(
    task: dict[str, Any], details: Any, reference: Any, recorded: bool
) -> None:
    task = {"state": "sent", "state_history": [{"state": "sent"}], **task}
    assert set_task_state(task, "sent", details, reference, now=NOW) is recorded


def test_a_history_that_is_null_starts_over() -> None:
    task: dict[str, Any] = {"state": "sent", "state_history": None}
    assert set_task_state(task, "sent", gateway_ref=NULL, now=NOW) is True
    assert json.dumps(task["gateway_ref"]) == "null"
    assert len(task["state_history"]) == 1


def calls_with(url: str, release: str) -> list[dict[str, Any]]:
    """The requests of a sending pass with this `sms.rapidpro.url`."""
    sms = {"outgoing_service": "rapidpro", "rapidpro": {"url": url}}
    made = sending(taken(), pending(1), {**GIVEN, "settings": {"sms": sms}}, release=release)
    urls: list[str] = []
    adapter = made.script
    plain = adapter.send

    def send(request: Any, *arguments: Any, **options: Any) -> Any:
        urls.append(str(request.url))
        return plain(request, *arguments, **options)

    adapter.send = send  # type: ignore[method-assign] # the scripted server does not record the host
    asked = made.run("send")
    return [
        {"url": url, "authorization": one["headers"]["authorization"]} for url, one in zip(urls, asked, strict=True)
    ]


@pytest.mark.parametrize("release", ["5.2", "3.11"])
@pytest.mark.parametrize("user", ["u:p@", "u@", "u:@", "u:p@w@", "a@b:c@d:e@", "u:p:q@", "u%40v:p%40w@", "@", ""])
@pytest.mark.parametrize("path", ["", "/", "/deep"])
def test_user_and_password_in_the_url_are_left_out_and_the_token_is_sent(release: str, user: str, path: str) -> None:
    url = f"http://rapidpro.test{path.rstrip('/')}/api/v2/broadcasts.json"
    assert calls_with(f"http://{user}rapidpro.test{path}", release) == [
        {"url": url, "authorization": "Token outgoing-token"}
    ]


def test_a_password_without_a_user_is_refused_by_fetch_only() -> None:
    assert calls_with("http://:p@rapidpro.test", "5.2") == []
    assert len(calls_with("http://:p@rapidpro.test", "3.11")) == 1
