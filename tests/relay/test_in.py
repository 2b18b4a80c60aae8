"""Texts from RapidPro to CHT: acknowledged when they are on disk, then handed over until CHT has them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from relay import Relay
from tests.relay.neighbours import AMINA, TOKEN, ZAWADI, Killed, World, lost, on, refused, relay_in, reply, text_in

SMS = "/api/sms"
PATH = "/api/v2/sms/rapidpro/incoming-messages"
JSON = {"Authorization": f"Token {TOKEN}", "Accept": "application/json", "Content-Type": "application/json"}
GOOD = '{"id": "run-1", "from": "+250788123001", "content": "Hello"}'


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def relay(world: World) -> Any:
    relay = relay_in(world)
    yield relay
    relay.close()


def contents(world: World) -> list[str]:
    return [message["content"] for message in world.stored]


def test_a_text_is_handed_to_cht_as_it_came(world: World, relay: Relay) -> None:
    answer = text_in(relay, content="  Amina says: ngwiye 👶\n")
    assert (answer.status_code, answer.data) == (200, b'{"saved":1}')
    world.run(relay, 1)
    assert world.stored == [{"id": "run-1", "from": AMINA, "content": "  Amina says: ngwiye 👶\n"}]


def test_a_text_is_on_disk_before_it_is_acknowledged(world: World, tmp_path: Any) -> None:
    relay = relay_in(world, database=f"sqlite:///{tmp_path}/relay.db")
    assert text_in(relay).status_code == 200
    with sqlite3.connect(tmp_path / "relay.db") as db:
        assert db.execute("SELECT id, text FROM inbox").fetchall() == [("run-1", "G TEMP 38")]
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()
    assert relay._store._web.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    relay.close()


def test_the_historic_path_is_served_too(world: World, relay: Relay) -> None:
    path = "/api/v1/sms/radpidpro/incoming-messages"
    assert relay.app.test_client().post(path, data=GOOD, headers=JSON).status_code == 200
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
def test_without_the_right_token_nothing_is_taken(
    world: World, relay: Relay, authorization: str | None, message: str
) -> None:
    headers = {name: value for name, value in JSON.items() if name != "Authorization"}
    if authorization is not None:
        headers["Authorization"] = authorization
    answer = relay.app.test_client().post(PATH, data=GOOD, headers=headers)
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
def test_what_cannot_be_saved_is_refused_with_a_reason_to_act_on(
    world: World, relay: Relay, body: Any, reason: str
) -> None:
    answer = relay.app.test_client().post(PATH, data=body, headers=JSON)
    assert (answer.status_code, answer.json) == (400, {"code": 400, "error": f"Message was not saved: {reason}"})
    world.run(relay, 100)
    assert contents(world) == []


def test_another_content_type_is_refused(relay: Relay) -> None:
    answer = relay.app.test_client().post(PATH, data=GOOD, headers=JSON | {"Content-Type": "text/plain"})
    assert answer.status_code == 400
    assert "Content-Type must be application/json, not text/plain" in answer.text


def test_ten_megabytes_are_refused(relay: Relay) -> None:
    answer = relay.app.test_client().post(PATH, data=b"x" * 10_000_000, headers=JSON)
    assert answer.status_code == 413
    assert "larger than" in answer.text


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "text/plain"),
        ("*/*", "text/plain"),
        ("text/html", "text/plain"),
        ("application/json", "application/json"),
        ("application/json, text/plain, */*", "application/json"),
        ("text/plain, application/json", "text/plain"),
        ("text/plain;q=0.1, application/json", "application/json"),
    ],
)
def test_errors_are_json_for_those_who_prefer_it(relay: Relay, accept: str | None, kind: str) -> None:
    answer = relay.app.test_client().post(PATH, headers={"Accept": accept} if accept else {})
    assert answer.mimetype == kind


@pytest.mark.parametrize(("method", "path", "status"), [("GET", PATH, 405), ("POST", "/other", 404)])
def test_other_requests_get_a_clear_answer(relay: Relay, method: str, path: str, status: int) -> None:
    answer = relay.app.test_client().open(path, method=method)
    assert (answer.status_code, answer.mimetype) == (status, "text/plain")


def test_numbers_and_broken_characters_are_taken_as_text(world: World, relay: Relay) -> None:
    body = '{"id": 17, "from": 250788123001, "content": "half \\ud83d and \\u0000 zero"}'
    assert relay.app.test_client().post(PATH, data=body, headers=JSON).status_code == 200
    world.run(relay, 1)
    assert world.stored == [{"id": "17", "from": "250788123001", "content": "half \ufffd and \ufffd zero"}]


def test_a_repeated_text_is_a_success_and_stored_once(world: World, relay: Relay) -> None:
    assert [text_in(relay).status_code for _ in range(3)] == [200] * 3
    world.run(relay, 100)
    assert text_in(relay).status_code == 200
    world.run(relay, 100)
    assert contents(world) == ["G TEMP 38"]


def test_another_text_under_a_known_id_is_refused_and_the_first_kept(world: World, relay: Relay) -> None:
    text_in(relay)
    answer = text_in(relay, content="Other")
    assert answer.status_code == 400
    assert "another message has this `id`" in answer.text
    world.run(relay, 100)
    assert contents(world) == ["G TEMP 38"]


def test_a_broken_database_is_told_to_the_sender(relay: Relay) -> None:
    with relay._store._work.begin():
        relay._store._work.exec_driver_sql("DROP TABLE inbox")
    answer = text_in(relay)
    assert answer.status_code == 503
    assert "send it again later" in answer.text


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(refused(), id="connection refused"),
        pytest.param(reply(500, {"code": 500, "error": "Server error"}), id="500"),
        pytest.param(reply(200, "<html>CHT is starting up</html>"), id="waiting page with status 200"),
        pytest.param(reply(200, "{}"), id="JSON of another kind"),
        pytest.param(reply(200, ""), id="empty"),
        pytest.param(reply(302, ""), id="redirect"),
        pytest.param(reply(401, {}), id="password refused"),
        pytest.param(reply(429, "Too Many Requests"), id="locked out"),
        pytest.param(lost, id="answer lost"),
    ],
)
def test_a_text_is_handed_over_until_cht_has_it_and_stored_once(world: World, relay: Relay, trouble: Any) -> None:
    world.faults.append(on("POST", SMS, trouble, trouble))
    text_in(relay)
    world.run(relay, 300)
    assert contents(world) == ["G TEMP 38"]
    assert {message["id"] for message in world.stored} == {"run-1"}


def test_a_text_that_cht_cannot_bear_delays_no_other(world: World, relay: Relay) -> None:
    def poison(_m: str, path: str, body: Any, _a: Any) -> Any:
        texts = [m["content"] for m in body.get("messages", [])] if path == SMS else []
        return reply(500, "Server error") if "poison" in texts else None

    world.faults.append(poison)
    for number in range(20):
        text_in(
            relay,
            id=f"run-{number}",
            content="poison" if number == 7 else f"Text {number}",
            **{"from": f"+25078812{number:04}"},
        )
    world.run(relay, 1)
    assert contents(world) == [f"Text {number}" for number in range(20) if number != 7]
    world.wants("Visit due tomorrow")
    world.run(relay, 60)
    assert world.sent() == ["Visit due tomorrow"]
    world.run(relay, 24 * 3600)
    world.faults.clear()
    world.run(relay, 3600)
    assert contents(world)[-1] == "poison"


def test_texts_of_one_phone_keep_their_order_when_answers_are_lost(world: World, relay: Relay) -> None:
    world.faults.append(on("POST", SMS, refused(), lost, reply(500, "x"), lost))
    for number in range(3):
        text_in(relay, id=f"run-{number}", content=f"Text {number}")
        world.run(relay, 2)
    text_in(relay, id="other", content="Other", **{"from": ZAWADI})
    world.run(relay, 900)
    assert [text for text in contents(world) if text != "Other"] == ["Text 0", "Text 1", "Text 2"]
    assert "Other" in contents(world)


def test_cht_down_for_hours_costs_few_calls_and_no_text(world: World, relay: Relay) -> None:
    over = world.now + timedelta(hours=3)
    world.faults.append(lambda _m, path, _b, _a: refused() if path == SMS and world.now < over else None)
    for number in range(120):
        text_in(relay, id=f"run-{number}", content=f"Text {number}")
    world.run(relay, 3 * 3600 - 1)
    assert world.count(SMS) < 300
    world.run(relay, 200)
    assert contents(world) == [f"Text {number}" for number in range(120)]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_while_handing_over_loses_nothing(world: World, when: str, tmp_path: Any) -> None:
    def die(act: Any) -> Any:
        if when == "after":
            act()
        return Killed()

    database = f"sqlite:///{tmp_path}/relay.db"
    first = relay_in(world, database=database)
    text_in(first)
    world.faults.append(on("POST", SMS, die))
    with pytest.raises(Killed):
        first.work(world.now)
    second = relay_in(world, database=database)
    world.run(second, 200)
    assert contents(world) == ["G TEMP 38"]
    second.close()
    first.close()


def test_new_work_is_announced(world: World) -> None:
    from relay import Relay as Real
    from tests.relay.neighbours import settings

    woken: list[int] = []
    relay = Real(settings(), now=lambda: world.now, session=world, wake=lambda: woken.append(1))
    text_in(relay)
    assert woken == [1]
    relay.close()


def test_health_tells_queues_and_no_secrets(world: World, relay: Relay) -> None:
    text_in(relay)
    world.faults.append(on("POST", SMS, reply(429, "", Retry_After="90")))
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


def test_a_text_that_cht_has_is_forgotten_after_a_month(world: World, relay: Relay) -> None:
    def remembered() -> int:
        with closing(sqlite3.connect(f"{world.folder}/relay.db")) as database:
            return int(database.execute("SELECT count(*) FROM inbox").fetchone()[0])

    text_in(relay)
    relay.work(world.now)
    world.now += timedelta(days=29)
    relay.work(world.now)
    assert remembered() == 1
    world.now += timedelta(days=2)
    relay.work(world.now)
    assert (remembered(), contents(world)) == (0, ["G TEMP 38"])
