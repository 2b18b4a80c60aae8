"""Behaviours that are switched in a running fake, over the control API; doubled transitions above all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.cht.recorded_traffic import RECORDED_AT, World, docs_of, send, world

REPLIES: dict[str, Any] = {
    "settings": {
        "locale": "en",
        "default_responses": {"start_date": "2016-10-01"},
        "transitions": {"default_responses": True},
    },
    "credentials": {"rapidpro:incoming": "in-token"},
    "now": RECORDED_AT.isoformat(),
}
ON = {"doubles_transitions": True}
SCHEDULES: dict[str, Any] = {
    **REPLIES,
    "settings": {
        "locale": "en",
        "forms": {"REG": {"meta": {"code": "REG"}, "public_form": True, "fields": {}}},
        "transitions": {"registration": True},
        "registrations": [
            {
                "form": "REG",
                "events": [{"name": "on_create", "trigger": "assign_schedule", "params": "visits", "bool_expr": ""}],
                "messages": [{"message": [{"content": "welcome", "locale": "en"}], "recipient": "reporting_unit"}],
            }
        ],
        "schedules": [
            {
                "name": "visits",
                "start_from": "reported_date",
                "messages": [{"offset": "1 week", "group": 1, "message": [{"content": "come", "locale": "en"}]}],
            }
        ],
    },
}


def text(made: World, content: str = "hello", id_: str = "m-1") -> None:
    body = f'{{"id": "{id_}", "from": "+13125550102", "content": "{content}"}}'
    headers = {"Authorization": "Token in-token", "Content-Type": "application/json"}
    path = "/api/v2/sms/rapidpro/incoming-messages"
    assert send(made.cht, {"method": "POST", "path": path, "headers": headers, "body": body}).status == 200
    made.clock.advance(5)


def replies(made: World) -> list[int]:
    return [len(doc.get("tasks", ())) for doc in docs_of(made)]


def test_a_reply_is_doubled_only_while_that_is_switched_on() -> None:
    made = world(REPLIES)
    text(made)
    assert replies(made) == [1]
    assert made.control.put("/cht/release", json=ON).get_json()["behaviours"]["doubles_transitions"] is True
    text(made, id_="m-2")
    assert sorted(replies(made)) == [1, 2]
    made.control.put("/cht/release", json={"doubles_transitions": False})
    text(made, id_="m-3")
    assert sorted(replies(made)) == [1, 1, 2]


@pytest.mark.parametrize("times", [1, 2])
def test_whole_schedules_are_doubled_too(times: int) -> None:
    made = world(SCHEDULES)
    if times == 2:
        made.control.put("/cht/release", json=ON)
    text(made, "REG")
    (doc,) = docs_of(made)
    uuids = {message["uuid"] for task in doc["tasks"] for message in task["messages"]}
    assert (len(doc["tasks"]), len(uuids), len(doc["scheduled_tasks"])) == (times, times, times)


def test_later_changes_of_the_document_double_nothing_more() -> None:
    made = world(REPLIES)
    made.control.put("/cht/release", json=ON)
    text(made)
    (doc,) = list(made.cht.state.all_docs())
    made.cht.state.save({**doc, "note": "read"})
    made.clock.advance(600)
    assert replies(made) == [2]


def test_a_reset_goes_back_to_the_release() -> None:
    made = world(REPLIES)
    made.control.put("/cht/release", json={**ON, "only_scheduled_become_due": False})
    made.cht.reset()
    seen = made.control.get("/cht/release").get_json()
    assert seen["name"] == "5.2"
    assert (seen["behaviours"]["doubles_transitions"], seen["behaviours"]["only_scheduled_become_due"]) == (False, True)


@pytest.mark.parametrize(
    "body", [{"name": "3.11"}, {"uuid_version": True}, {"doubles_transitions": 1}, [], {"x": True}]
)
def test_what_is_no_behaviour_is_refused(body: Any) -> None:
    made = world(REPLIES)
    assert made.control.put("/cht/release", json=body).status_code == 400
