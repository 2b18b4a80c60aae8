"""Texts from CHT to RapidPro: each exactly once, whatever happens to a call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.relay.neighbours import (
    START,
    ZAWADI,
    Killed,
    World,
    lost,
    on,
    refused,
    relay_in,
    reply,
)

BROADCASTS = "/api/v2/broadcasts.json"


@pytest.fixture
def world() -> World:
    return World()


def test_a_text_is_sent_once_and_cht_is_told_that_it_was_taken(world: World) -> None:
    world.wants("Visit due tomorrow")
    relay = relay_in(world)
    world.run(relay, 300)
    assert world.sent() == ["Visit due tomorrow"]
    assert world.states == {"Visit due tomorrow": ["UNSENT"]}
    relay.close()


def test_sixty_waiting_texts_are_sent_in_one_go_in_their_order(world: World) -> None:
    texts = [f"Reminder {n:02}" for n in range(60)]
    world.wants(*texts)
    relay = relay_in(world)
    relay.work(world.now)
    assert world.sent() == texts
    assert world.now == START
    relay.close()


def test_an_at_sign_arrives_letter_for_letter(world: World) -> None:
    world.wants("Ask @contact.name or help@clinic.org @(1+1) @@")
    relay = relay_in(world)
    world.run(relay, 10)
    assert world.sent() == ["Ask @@contact.name or help@@clinic.org @@(1+1) @@@@"]
    relay.close()


def test_a_text_that_is_too_long_fails_with_a_plain_reason_and_blocks_no_other(world: World) -> None:
    world.wants("x" * 641, "Short enough")
    relay = relay_in(world)
    world.run(relay, 200)
    assert world.sent() == ["Short enough"]
    assert world.states["x" * 40] == ["UNSENT", "FAILED"]
    assert world.reasons["x" * 40] == "The text is too long for SMS: 641 characters, at most 640."
    assert len(world.posts()) == 2
    relay.close()


def test_a_bad_number_fails_for_good_with_a_plain_reason(world: World) -> None:
    world.wants("Hello", to="1")
    relay = relay_in(world)
    world.run(relay, 3600)
    assert world.states["Hello"] == ["UNSENT", "FAILED"]
    assert world.reasons["Hello"] == "The phone number is not valid: check it, with its country code."
    assert len(world.posts()) == 1
    relay.close()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lost, id="reset after it was accepted"),
        pytest.param(lambda act: act() and reply(200, "<html>please log in</html>"), id="page instead of an answer"),
        pytest.param(lambda act: act() and reply(201, ""), id="empty"),
        pytest.param(lambda act: act() and reply(201, '{"id": 90'), id="cut short"),
        pytest.param(lambda act: act() and reply(502, "Bad gateway"), id="gateway gave up"),
        pytest.param(lambda act: act() and reply(404, "gone"), id="not found"),
        pytest.param(lambda act: act() and reply(400, "<html>"), id="400 without a reason"),
    ],
)
def test_a_send_whose_answer_is_lost_is_found_in_rapidpro_and_not_repeated(world: World, answer: Any) -> None:
    world.faults.append(on("POST", BROADCASTS, answer))
    world.wants("Visit due tomorrow")
    relay = relay_in(world)
    world.run(relay, 1200)
    world.turns("Visit due tomorrow", "delivered")
    world.run(relay, 1200)
    assert world.sent() == ["Visit due tomorrow"]
    assert world.states["Visit due tomorrow"] == ["UNSENT", "DELIVERED"]
    relay.close()


@pytest.mark.parametrize("answer", [reply(503, "busy"), reply(500, "Server Error."), reply(302, "")])
def test_a_send_that_did_not_happen_is_repeated_after_looking_it_up(world: World, answer: Any) -> None:
    world.faults.append(on("POST", BROADCASTS, answer))
    world.wants("Visit due tomorrow")
    relay = relay_in(world)
    world.run(relay, 600)
    assert world.sent() == ["Visit due tomorrow"]
    lookups = [at for at, method, path, _ in world.calls if (method, path) == ("GET", BROADCASTS)]
    assert world.posts()[0] < lookups[0] < lookups[-1] <= world.posts()[1]
    relay.close()


def test_a_request_that_lands_late_is_waited_for(world: World) -> None:
    late: list[Any] = []

    def hang(act: Any) -> Any:
        late.append(act)
        return lost(lambda: reply(200))

    world.faults.append(on("POST", BROADCASTS, hang))
    world.wants("Visit due tomorrow")
    relay = relay_in(world)
    world.run(relay, 90)
    late.pop()()
    world.run(relay, 1200)
    assert world.sent() == ["Visit due tomorrow"]
    relay.close()


def test_equal_texts_to_one_phone_are_counted_when_one_is_looked_up(world: World) -> None:
    relay = relay_in(world)
    world.faults.append(on("POST", BROADCASTS, None, lost, reply(503, "busy")))
    for number in range(3):
        world.waiting.append({"id": f"same-{number}", "to": "+250788123001", "content": "Take your tablets"})
    world.run(relay, 3600)
    assert world.sent() == ["Take your tablets"] * 3
    relay.close()


@pytest.mark.parametrize("missing", [["id"], ["id", "created_on"]])
def test_a_text_accepted_under_no_name_is_not_taken_for_a_later_equal_one(world: World, missing: list[str]) -> None:
    def without(act: Any) -> Any:
        body = act().json()
        return reply(201, {name: value for name, value in body.items() if name not in missing})

    world.faults.append(on("POST", BROADCASTS, without, reply(503, "busy")))
    relay = relay_in(world)
    for number in range(2):
        world.waiting.append({"id": f"same-{number}", "to": "+250788123001", "content": "Take your tablets"})
    world.run(relay, 1200)
    assert world.sent() == ["Take your tablets"] * 2
    relay.close()


def test_a_text_accepted_under_no_name_long_before_is_not_taken_for_a_later_equal_one(world: World) -> None:
    def without(act: Any) -> Any:
        body = act().json()
        return reply(201, {name: value for name, value in body.items() if name != "id"})

    def no_broadcast_shown(_m: str, path: str, _b: Any, act: Any) -> Any:
        if path != "/api/v2/messages.json":
            return None
        body = act().json()
        return reply(200, {**body, "results": [{**row, "broadcast": None} for row in body["results"]]})

    world.faults += [no_broadcast_shown, on("POST", BROADCASTS, without, lambda act: act(), lost)]
    relay = relay_in(world)
    for number, words in enumerate(["Take your tablets", "Visit due", "Take your tablets"]):
        world.waiting.append({"id": f"text-{number}", "to": "+250788123001", "content": words})
        world.run(relay, 600)
    assert world.sent() == ["Take your tablets", "Visit due", "Take your tablets"]
    relay.close()


def test_a_message_with_the_number_of_a_broadcast_is_not_taken_for_it(world: World) -> None:
    """Old versions number both, each from 1."""
    relay = relay_in(world)
    world.wants("First")
    world.run(relay, 10)
    world.messages[0].update(id=9002)
    world.run(relay, 200)  # the message is known by its number now
    world.faults.append(on("POST", BROADCASTS, lost))
    world.wants("Second")
    world.run(relay, 1200)
    assert world.broadcasts[0]["id"] == 9002
    assert world.sent() == ["First", "Second"]
    relay.close()


def test_an_equal_text_of_somebody_else_is_not_taken_for_ours(world: World) -> None:
    relay = relay_in(world)
    world.wants("First")
    world.run(relay, 10)
    world.now += timedelta(hours=2)
    world.broadcasts.insert(
        0, {"id": 7, "urns": [ZAWADI], "text": {"eng": "Visit due tomorrow"}, "created_on": world.iso()}
    )
    world.faults.append(on("POST", BROADCASTS, reply(503, "busy")))
    world.wants("Visit due tomorrow")
    world.run(relay, 900)
    assert world.sent().count("Visit due tomorrow") == 2
    relay.close()


@pytest.mark.parametrize("missing", ["status", "id", "created_on"])
def test_an_accepted_broadcast_without_a_field_is_not_sent_again(world: World, missing: str) -> None:
    def without(act: Any) -> Any:
        body = act().json()
        del body[missing]
        return reply(201, body)

    world.faults.append(on("POST", BROADCASTS, without))
    world.wants("Visit due tomorrow")
    relay = relay_in(world)
    world.run(relay, 200)
    world.turns("Visit due tomorrow", "delivered")
    world.run(relay, 900)
    assert world.sent() == ["Visit due tomorrow"]
    assert world.states["Visit due tomorrow"] == ["UNSENT", "DELIVERED"]
    relay.close()


def test_a_refused_connection_is_simply_tried_again(world: World) -> None:
    world.faults.append(on("POST", BROADCASTS, refused(), refused()))
    world.wants("Visit due tomorrow")
    relay = relay_in(world)
    world.run(relay, 60)
    assert world.sent() == ["Visit due tomorrow"]
    assert not [path for _, method, path, _ in world.calls if (method, path) == ("GET", BROADCASTS)]
    relay.close()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("55", 55), ("Wed, 04 Mar 2026 08:02:05 GMT", 125), (None, 60), ("soon", 60), ("-5", 1)],
)
def test_while_throttled_nothing_is_asked_of_rapidpro_and_then_at_once(
    world: World, header: str | None, seconds: float
) -> None:
    headers = {"Retry_After": header} if header else {}
    world.faults.append(on("POST", BROADCASTS, reply(429, {"detail": "throttled"}, **headers)))
    world.wants("One", "Two")
    relay = relay_in(world)
    world.run(relay, 600)
    assert world.posts() == [START] + [START + timedelta(seconds=seconds)] * 2
    assert world.sent() == ["One", "Two"]
    relay.close()


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_loses_nothing_and_is_tried_slowly(world: World, status: int) -> None:
    allowed = START + timedelta(hours=1)
    world.faults.append(
        lambda _m, path, _b, _a: reply(status, {}) if path.startswith("/api/v2") and world.now < allowed else None
    )
    world.wants("One", "Two")
    relay = relay_in(world)
    world.run(relay, 3599)
    assert len(world.posts()) <= 12
    health = relay.app.test_client().get("/health").json
    assert health is not None
    assert health["status"] == "trouble"
    assert str(status) in health["rapidpro"]["last_error"]
    world.run(relay, 700)
    assert world.sent() == ["One", "Two"]
    assert set(world.states) == {"One", "Two"}
    relay.close()


def test_an_outage_of_hours_costs_few_calls_and_no_text(world: World) -> None:
    over = START + timedelta(hours=3)
    world.faults.append(
        lambda _m, path, _b, _a: reply(503, "down") if path.startswith("/api/v2") and world.now < over else None
    )
    relay = relay_in(world)
    world.wants(*[f"Reminder {n:02}" for n in range(30)])
    world.run(relay, 3 * 3600 - 1)
    assert world.count("/api/v2") < 120
    world.run(relay, 1800)
    assert sorted(world.sent()) == [f"Reminder {n:02}" for n in range(30)]
    relay.close()


def test_a_text_that_rapidpro_cannot_bear_blocks_no_other(world: World) -> None:
    world.faults.append(
        lambda _m, path, body, _a: reply(500, "x") if path == BROADCASTS and body and "poison" in body["text"] else None
    )
    world.wants("poison", to=ZAWADI)
    world.wants("One", "Two")
    relay = relay_in(world)
    world.run(relay, 60)
    assert world.sent() == ["One", "Two"]
    world.run(relay, 24 * 3600)
    assert len(world.posts()) < 50
    relay.close()


def test_a_later_text_does_not_overtake_an_uncertain_one_to_the_same_phone(world: World) -> None:
    world.faults.append(on("POST", BROADCASTS, reply(503, "busy")))
    world.wants("First", "Second")
    world.wants("To Zawadi", to=ZAWADI)
    relay = relay_in(world)
    world.run(relay, 900)
    assert world.sent() == ["To Zawadi", "First", "Second"]
    relay.close()


def test_a_stale_list_does_not_make_it_send_twice(world: World) -> None:
    world.faults.append(on("POST", BROADCASTS, lost))
    empty: Any = {"next": None, "previous": None, "results": []}
    world.faults.append(on("GET", BROADCASTS, reply(200, empty), reply(200, empty)))
    world.wants("Visit due tomorrow")
    relay = relay_in(world)
    world.run(relay, 1200)
    assert world.sent() == ["Visit due tomorrow"]
    relay.close()


def test_a_broadcast_on_a_later_page_is_found(world: World) -> None:
    world.faults.append(on("POST", BROADCASTS, lost))
    world.wants("Visit due tomorrow")
    relay = relay_in(world)
    relay.work(world.now)
    for number in range(600):
        row = {"id": number, "urns": [ZAWADI], "text": {"eng": "Other"}, "created_on": world.iso()}
        world.broadcasts.insert(0, row)
    world.run(relay, 1200)
    assert world.sent().count("Visit due tomorrow") == 1
    relay.close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_during_a_send_sends_nothing_twice_and_loses_nothing(world: World, when: str, tmp_path: Any) -> None:
    def die(act: Any) -> Any:
        if when == "after":
            act()
        return Killed()

    database = f"sqlite:///{tmp_path}/relay.db"
    texts = [f"Reminder {n}" for n in range(5)]
    world.wants(*texts)
    world.faults.append(on("POST", BROADCASTS, None, None, die))
    first = relay_in(world, database=database)
    with pytest.raises(Killed):
        first.work(world.now)
    second = relay_in(world, database=database)
    world.run(second, 1200)
    assert sorted(world.sent()) == texts
    second.close()
    first.close()


def test_a_crash_after_cht_handed_texts_out_loses_none(world: World, tmp_path: Any) -> None:
    def die(act: Any) -> Any:
        act()
        return Killed()

    database = f"sqlite:///{tmp_path}/relay.db"
    world.wants(*[f"Reminder {n:02}" for n in range(30)])
    world.faults.append(on("POST", "/api/sms", None, die))
    first = relay_in(world, database=database)
    with pytest.raises(Killed):
        first.work(world.now)
    second = relay_in(world, database=database)
    world.run(second, 600)
    assert sorted(world.sent()) == [f"Reminder {n:02}" for n in range(30)]
    second.close()
    first.close()


def test_a_text_that_cht_hands_out_for_ever_is_sent_once_and_makes_no_storm(world: World) -> None:
    stuck = {"id": "stuck", "to": ZAWADI, "content": "In two documents"}

    def again(act: Any) -> Any:
        body = act().json()
        return reply(200, {"messages": [*body["messages"], stuck]})

    world.faults.append(lambda _m, path, _b, act: again(act) if path == "/api/sms" else None)
    relay = relay_in(world)
    world.run(relay, 599)
    assert world.sent() == ["In two documents"]
    assert world.count("/api/sms") <= 40
    relay.close()
