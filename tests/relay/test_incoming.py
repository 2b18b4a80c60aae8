"""Incoming texts: acknowledged when they are on disk, then sent to CHT until it has them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from relay import Relay
from tests.relay.neighbours import (
    AMINA,
    TOKEN,
    Killed,
    World,
    connection_refused,
    fault_on,
    lose_response,
    make_relay,
    post_text,
    reply,
    settings,
)

SMS = "/api/sms"
PATH = "/api/v2/sms/rapidpro/incoming-messages"
HEADERS = {"Authorization": f"Token {TOKEN}", "Accept": "application/json", "Content-Type": "application/json"}
VALID = '{"id": "run-1", "from": "+250788123001", "content": "Hello"}'


def contents(world: World) -> list[str]:
    return [message["content"] for message in world.stored]


def test_a_text_reaches_cht_unchanged(world: World, relay: Relay) -> None:
    answer = post_text(relay, content="  Amina says: ngwiye 👶\n")
    assert (answer.status_code, answer.get_json()) == (200, {"saved": 1})
    world.run(relay, 1)
    assert world.stored == [{"id": "run-1", "from": AMINA, "content": "  Amina says: ngwiye 👶\n"}]


def test_a_text_is_on_disk_before_it_is_acknowledged(world: World, tmp_path: Any) -> None:
    relay = make_relay(world, database=f"sqlite:///{tmp_path}/relay.db")
    assert post_text(relay).status_code == 200
    with sqlite3.connect(tmp_path / "relay.db") as db:
        assert db.execute("SELECT id, content FROM inbox").fetchall() == [("run-1", "G TEMP 38")]
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()
    assert relay._web_store._db.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    relay.close()


def test_the_historic_path_works_too(world: World, relay: Relay) -> None:
    path = "/api/v1/sms/radpidpro/incoming-messages"
    assert relay.app.test_client().post(path, data=VALID, headers=HEADERS).status_code == 200
    world.run(relay, 1)
    assert contents(world) == ["Hello"]


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        (None, "Missing authorization token"),
        ("", "Missing authorization token"),
        ("Token", "Missing authorization token"),
        ("Token ", "Missing authorization token"),
        (f"token {TOKEN}", "Missing authorization token"),
        (f"Bearer {TOKEN}", "Missing authorization token"),
        (TOKEN, "Missing authorization token"),
        ("Token wrong", "Incorrect token"),
        (f"Token {TOKEN[:-1]}", "Incorrect token"),
        ("Token \xff\xfe", "Incorrect token"),
    ],
)
def test_without_the_right_token_nothing_is_stored(
    world: World, relay: Relay, authorization: str | None, message: str
) -> None:
    headers = {name: value for name, value in HEADERS.items() if name != "Authorization"}
    if authorization is not None:
        headers["Authorization"] = authorization
    answer = relay.app.test_client().post(PATH, data=VALID, headers=headers)
    assert (answer.status_code, answer.json) == (403, {"code": 403, "error": message})
    world.run(relay, 100)
    assert contents(world) == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "`id` is missing or empty"),
        ("{}", "`id` is missing or empty"),
        ('{"id": "1", "content": "x"}', "`from` is missing or empty"),
        ('{"id": "1", "from": "", "content": "x"}', "`from` is missing or empty"),
        ('{"id": "1", "from": "+250788123001"}', "`content` is missing or empty"),
        ('{"id": "1", "from": "+250788123001", "content": null}', "`content` is missing or empty"),
        ('{"id": 0, "from": "+250788123001", "content": "x"}', "`id` is missing or empty"),
        ('{"id": {"a": 1}, "from": "+250788123001", "content": "x"}', "`id` must be text"),
        ('{"id": "1", "from": ["a"], "content": "x"}', "`from` must be text"),
        ('{"id": "1", "from": "+250788123001", "content": true}', "`content` must be text"),
        ('{"id": "1", "from": "+250788123001", "content": 1.5}', "`content` must be text"),
        ("[]", "the body must be a JSON object with `id`, `from` and `content`"),
        ('"text"', "the body must be a JSON object with `id`, `from` and `content`"),
        ('{"id": ', "the body is not valid JSON"),
        ("[" * 100_000, "the body is not valid JSON"),
        (b"\xff\xfe\xff", "the body is not valid JSON"),
    ],
)
def test_an_invalid_message_is_refused_with_a_reason_to_act_on(
    world: World, relay: Relay, body: Any, reason: str
) -> None:
    answer = relay.app.test_client().post(PATH, data=body, headers=HEADERS)
    assert (answer.status_code, answer.json) == (400, {"code": 400, "error": f"Message was not saved: {reason}"})
    world.run(relay, 100)
    assert contents(world) == []


def test_another_content_type_is_refused(relay: Relay) -> None:
    answer = relay.app.test_client().post(PATH, data=VALID, headers=HEADERS | {"Content-Type": "text/plain"})
    assert answer.status_code == 400
    assert "Content-Type must be application/json, but is text/plain" in answer.text


def test_ten_megabytes_are_refused(relay: Relay) -> None:
    answer = relay.app.test_client().post(PATH, data=b"x" * 10_000_000, headers=HEADERS)
    assert answer.status_code == 413
    assert "larger than" in answer.text


@pytest.mark.parametrize(("method", "path", "status"), [("GET", PATH, 405), ("POST", "/other", 404)])
def test_other_requests_get_a_clear_answer(relay: Relay, method: str, path: str, status: int) -> None:
    answer = relay.app.test_client().open(path, method=method)
    assert answer.status_code == answer.get_json()["code"] == status


def test_numbers_become_strings_and_broken_characters_are_replaced(world: World, relay: Relay) -> None:
    body = '{"id": 17, "from": 250788123001, "content": "half \\ud83d and \\u0000 zero"}'
    assert relay.app.test_client().post(PATH, data=body, headers=HEADERS).status_code == 200
    world.run(relay, 1)
    assert world.stored == [{"id": "17", "from": "250788123001", "content": "half \ufffd and \ufffd zero"}]


def test_a_redelivered_text_is_a_success_and_is_stored_once(world: World, relay: Relay) -> None:
    assert [post_text(relay).status_code for _ in range(3)] == [200] * 3
    world.run(relay, 100)
    assert post_text(relay).status_code == 200
    world.run(relay, 100)
    assert contents(world) == ["G TEMP 38"]


def test_a_different_text_with_a_known_id_is_refused_and_the_first_is_kept(world: World, relay: Relay) -> None:
    post_text(relay)
    answer = post_text(relay, content="Other")
    assert answer.status_code == 400
    assert "another message has this `id`" in answer.text
    world.run(relay, 100)
    assert contents(world) == ["G TEMP 38"]


def test_a_broken_database_is_reported_to_the_sender(relay: Relay) -> None:
    with relay._web_store._db.begin():
        relay._web_store._db.exec_driver_sql("DROP TABLE inbox")
    answer = post_text(relay)
    assert answer.status_code == 503
    assert "send it again later" in answer.text


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(connection_refused(), id="connection refused"),
        pytest.param(reply(500, {"code": 500, "error": "Server error"}), id="500"),
        pytest.param(reply(200, "<html>CHT is starting up</html>"), id="HTML page with status 200"),
        pytest.param(reply(200, "{}"), id="other JSON"),
        pytest.param(reply(200, ""), id="empty"),
        pytest.param(reply(302, ""), id="redirect"),
        pytest.param(reply(401, {}), id="password refused"),
        pytest.param(reply(429, "Too Many Requests"), id="locked out"),
        pytest.param(lose_response, id="response lost"),
    ],
)
def test_a_text_is_retried_until_cht_has_it_and_is_stored_once(world: World, relay: Relay, answer: Any) -> None:
    world.faults.append(fault_on("POST", SMS, answer, answer))
    post_text(relay)
    world.run(relay, 300)
    assert contents(world) == ["G TEMP 38"]
    assert {message["id"] for message in world.stored} == {"run-1"}


def test_a_text_that_makes_cht_fail_delays_no_other(world: World, relay: Relay) -> None:
    def poison(_m: str, path: str, body: Any, _a: Any) -> Any:
        texts = [m["content"] for m in body.get("messages", [])] if path == SMS else []
        return reply(500, "Server error") if "poison" in texts else None

    world.faults.append(poison)
    for number in range(20):
        post_text(
            relay,
            id=f"run-{number}",
            content="poison" if number == 7 else f"Text {number}",
            **{"from": f"+25078812{number:04}"},
        )
    world.run(relay, 1)
    assert contents(world) == [f"Text {number}" for number in range(20) if number != 7]
    world.add_texts("Visit due tomorrow")
    world.run(relay, 60)
    assert world.sent() == ["Visit due tomorrow"]
    world.run(relay, 24 * 3600)
    world.faults.clear()
    world.run(relay, 3600)
    assert contents(world)[-1] == "poison"


def test_all_texts_from_one_phone_reach_cht_when_responses_are_lost(world: World, relay: Relay) -> None:
    world.faults.append(fault_on("POST", SMS, connection_refused(), lose_response, reply(500, "x"), lose_response))
    for number in range(3):
        post_text(relay, id=f"run-{number}", content=f"Text {number}")
        world.run(relay, 2)
    world.run(relay, 900)
    assert sorted(contents(world)) == ["Text 0", "Text 1", "Text 2"]


def test_while_cht_is_down_for_hours_few_calls_are_made_and_no_text_is_lost(world: World, relay: Relay) -> None:
    outage_end = world.now + timedelta(hours=3)
    world.faults.append(
        lambda _m, path, _b, _a: connection_refused() if path == SMS and world.now < outage_end else None
    )
    for number in range(120):
        post_text(relay, id=f"run-{number}", content=f"Text {number}")
    world.run(relay, 3 * 3600 - 1)
    assert world.count_calls(SMS) < 300
    world.run(relay, 200)
    assert contents(world) == [f"Text {number}" for number in range(120)]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_during_an_exchange_with_cht_loses_nothing(world: World, when: str, tmp_path: Any) -> None:
    def die(act: Any) -> Any:
        if when == "after":
            act()
        return Killed()

    database = f"sqlite:///{tmp_path}/relay.db"
    first = make_relay(world, database=database)
    post_text(first)
    world.faults.append(fault_on("POST", SMS, die))
    with pytest.raises(Killed):
        first.work(world.now)
    second = make_relay(world, database=database)
    world.run(second, 200)
    assert contents(world) == ["G TEMP 38"]
    second.close()
    first.close()


def test_a_new_text_wakes_the_worker(world: World) -> None:
    wakes: list[int] = []
    settings_ = settings(database=f"sqlite:///{world.folder}/relay.db")
    relay = Relay(settings_, now=lambda: world.now, session=world, wake=lambda: wakes.append(1))
    post_text(relay)
    assert wakes == [1]
    relay.close()


def test_health_shows_queues_and_no_secrets(world: World, relay: Relay) -> None:
    post_text(relay)
    world.faults.append(fault_on("POST", SMS, reply(429, "", Retry_After="90")))
    relay.work(world.now)
    answer = relay.app.test_client().get("/health")
    assert answer.json is not None
    assert answer.json["status"] == "trouble"
    assert answer.json["queues"]["to_cht"] == 1
    assert answer.json["cht"]["left_alone_until"] == (world.now + timedelta(seconds=90)).isoformat()
    world.now += timedelta(seconds=90)
    later = relay.app.test_client().get("/health").json
    assert later is not None
    assert later["cht"]["left_alone_until"] is None
    for secret in (TOKEN, "gateway-pass", "rapidpro-token", AMINA, "TEMP"):
        assert secret not in answer.text


def test_a_text_that_cht_has_is_deleted_after_a_month(world: World, relay: Relay) -> None:
    def stored_texts() -> int:
        with closing(sqlite3.connect(f"{world.folder}/relay.db")) as database:
            return int(database.execute("SELECT count(*) FROM inbox").fetchone()[0])

    post_text(relay)
    relay.work(world.now)
    for _ in range(29):
        world.now += timedelta(days=1)
        relay.work(world.now)
    assert stored_texts() == 1
    for _ in range(3):
        world.now += timedelta(days=1)
        relay.work(world.now)
    assert (stored_texts(), contents(world)) == (0, ["G TEMP 38"])
