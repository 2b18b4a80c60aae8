"""Outgoing texts: each is sent exactly once, whatever happens to a call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.relay.neighbours import (
    START,
    ZAWADI,
    Killed,
    World,
    connection_refused,
    fault_on,
    lose_response,
    make_relay,
    reply,
)

BROADCASTS = "/api/v2/broadcasts.json"


def test_a_text_is_sent_once_and_reported_to_cht_as_unsent(world: World) -> None:
    world.add_texts("Visit due tomorrow")
    relay = make_relay(world)
    world.run(relay, 300)
    assert world.sent() == ["Visit due tomorrow"]
    assert world.statuses == {"Visit due tomorrow": ["UNSENT"]}
    relay.close()


def test_sixty_waiting_texts_are_sent_at_once_in_order(world: World) -> None:
    texts = [f"Reminder {n:02}" for n in range(60)]
    world.add_texts(*texts)
    relay = make_relay(world)
    relay.work(world.now)
    assert world.sent() == texts
    assert world.now == START
    relay.close()


def test_an_at_sign_is_escaped(world: World) -> None:
    world.add_texts("Ask @contact.name or help@clinic.org @(1+1) @@")
    relay = make_relay(world)
    world.run(relay, 10)
    assert world.sent() == ["Ask @@contact.name or help@@clinic.org @@(1+1) @@@@"]
    relay.close()


def test_a_text_that_is_too_long_fails_with_a_clear_reason_and_blocks_no_other(world: World) -> None:
    world.add_texts("x" * 641, "Short enough")
    relay = make_relay(world)
    world.run(relay, 200)
    assert world.sent() == ["Short enough"]
    assert world.statuses["x" * 40][-1] == "FAILED"
    assert world.reasons["x" * 40] == "The text is too long for SMS: 641 characters, at most 640."
    assert len(world.send_times()) == 2
    relay.close()


def test_a_bad_number_fails_permanently_with_a_clear_reason(world: World) -> None:
    world.add_texts("Hello", to="1")
    relay = make_relay(world)
    world.run(relay, 3600)
    assert world.statuses["Hello"][-1] == "FAILED"
    assert world.reasons["Hello"] == "The phone number is not valid: check it, with its country code."
    assert len(world.send_times()) == 1
    relay.close()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lose_response, id="reset after acceptance"),
        pytest.param(lambda act: act() and reply(200, "<html>please log in</html>"), id="HTML page"),
        pytest.param(lambda act: act() and reply(201, ""), id="empty"),
        pytest.param(lambda act: act() and reply(201, '{"id": 90'), id="cut short"),
        pytest.param(lambda act: act() and reply(502, "Bad gateway"), id="bad gateway"),
        pytest.param(lambda act: act() and reply(404, "gone"), id="not found"),
        pytest.param(lambda act: act() and reply(400, "<html>"), id="400 without a reason"),
    ],
)
def test_a_send_with_a_lost_response_is_found_in_rapidpro_and_not_repeated(world: World, answer: Any) -> None:
    world.faults.append(fault_on("POST", BROADCASTS, answer))
    world.add_texts("Visit due tomorrow")
    relay = make_relay(world)
    world.run(relay, 1200)
    world.set_status("Visit due tomorrow", "delivered")
    world.run(relay, 1200)
    assert world.sent() == ["Visit due tomorrow"]
    assert world.statuses["Visit due tomorrow"] == ["UNSENT", "DELIVERED"]
    relay.close()


@pytest.mark.parametrize("answer", [reply(503, "busy"), reply(500, "Server Error."), reply(302, "")])
def test_a_failed_send_is_repeated_after_a_lookup(world: World, answer: Any) -> None:
    world.faults.append(fault_on("POST", BROADCASTS, answer))
    world.add_texts("Visit due tomorrow")
    relay = make_relay(world)
    world.run(relay, 600)
    assert world.sent() == ["Visit due tomorrow"]
    lookups = [time for time, method, path, _ in world.calls if (method, path) == ("GET", BROADCASTS)]
    assert world.send_times()[0] < lookups[0] < lookups[-1] <= world.send_times()[1]
    relay.close()


def test_a_request_that_takes_effect_late_is_not_repeated(world: World) -> None:
    late: list[Any] = []

    def hang(act: Any) -> Any:
        late.append(act)
        return lose_response(lambda: reply(200))

    world.faults.append(fault_on("POST", BROADCASTS, hang))
    world.add_texts("Visit due tomorrow")
    relay = make_relay(world)
    world.run(relay, 90)
    late.pop()()
    world.run(relay, 1200)
    assert world.sent() == ["Visit due tomorrow"]
    relay.close()


def test_equal_texts_to_one_phone_are_all_sent_when_one_is_looked_up(world: World) -> None:
    relay = make_relay(world)
    world.faults.append(fault_on("POST", BROADCASTS, None, lose_response, reply(503, "busy")))
    for number in range(3):
        world.waiting.append({"id": f"same-{number}", "to": "+250788123001", "content": "Take your tablets"})
    world.run(relay, 3600)
    assert world.sent() == ["Take your tablets"] * 3
    relay.close()


@pytest.mark.parametrize("missing", [["id"], ["id", "created_on"]])
def test_a_text_accepted_without_an_id_is_not_mistaken_for_a_later_equal_text(world: World, missing: list[str]) -> None:
    def without(act: Any) -> Any:
        body = act().json()
        return reply(201, {name: value for name, value in body.items() if name not in missing})

    world.faults.append(fault_on("POST", BROADCASTS, without, reply(503, "busy")))
    relay = make_relay(world)
    for number in range(2):
        world.waiting.append({"id": f"same-{number}", "to": "+250788123001", "content": "Take your tablets"})
    world.run(relay, 1200)
    assert world.sent() == ["Take your tablets"] * 2
    relay.close()


def test_a_text_accepted_without_an_id_long_before_is_not_mistaken_for_a_later_equal_text(world: World) -> None:
    def without(act: Any) -> Any:
        body = act().json()
        return reply(201, {name: value for name, value in body.items() if name != "id"})

    def no_broadcast_shown(_m: str, path: str, _b: Any, act: Any) -> Any:
        if path != "/api/v2/messages.json":
            return None
        body = act().json()
        return reply(200, {**body, "results": [{**row, "broadcast": None} for row in body["results"]]})

    world.faults += [no_broadcast_shown, fault_on("POST", BROADCASTS, without, lambda act: act(), lose_response)]
    relay = make_relay(world)
    for number, content in enumerate(["Take your tablets", "Visit due", "Take your tablets"]):
        world.waiting.append({"id": f"text-{number}", "to": "+250788123001", "content": content})
        world.run(relay, 600)
    assert world.sent() == ["Take your tablets", "Visit due", "Take your tablets"]
    relay.close()


def test_a_message_with_the_same_id_as_a_broadcast_is_not_mistaken_for_it(world: World) -> None:
    """Old versions have separate ids for both, each from 1."""
    relay = make_relay(world)
    world.add_texts("First")
    world.run(relay, 10)
    world.messages[0].update(id=9002)
    world.run(relay, 200)  # the message is known by its id now
    world.faults.append(fault_on("POST", BROADCASTS, lose_response))
    world.add_texts("Second")
    world.run(relay, 1200)
    assert world.broadcasts[0]["id"] == 9002
    assert world.sent() == ["First", "Second"]
    relay.close()


def test_an_equal_text_of_another_sender_is_not_mistaken_for_the_relays(world: World) -> None:
    relay = make_relay(world)
    world.add_texts("First")
    world.run(relay, 10)
    world.now += timedelta(hours=2)
    world.broadcasts.insert(
        0, {"id": 7, "urns": [ZAWADI], "text": {"eng": "Visit due tomorrow"}, "created_on": world.iso_now()}
    )
    world.faults.append(fault_on("POST", BROADCASTS, reply(503, "busy")))
    world.add_texts("Visit due tomorrow")
    world.run(relay, 900)
    assert world.sent().count("Visit due tomorrow") == 2
    relay.close()


@pytest.mark.parametrize("missing", ["status", "id", "created_on"])
def test_an_accepted_broadcast_without_a_field_is_not_sent_again(world: World, missing: str) -> None:
    def without(act: Any) -> Any:
        body = act().json()
        del body[missing]
        return reply(201, body)

    world.faults.append(fault_on("POST", BROADCASTS, without))
    world.add_texts("Visit due tomorrow")
    relay = make_relay(world)
    world.run(relay, 200)
    world.set_status("Visit due tomorrow", "delivered")
    world.run(relay, 900)
    assert world.sent() == ["Visit due tomorrow"]
    assert world.statuses["Visit due tomorrow"] == ["UNSENT", "DELIVERED"]
    relay.close()


def test_a_refused_connection_is_retried_without_a_lookup(world: World) -> None:
    world.faults.append(fault_on("POST", BROADCASTS, connection_refused(), connection_refused()))
    world.add_texts("Visit due tomorrow")
    relay = make_relay(world)
    world.run(relay, 60)
    assert world.sent() == ["Visit due tomorrow"]
    assert not [path for _, method, path, _ in world.calls if (method, path) == ("GET", BROADCASTS)]
    assert world.count_calls("/api/v2/workspace.json") == 1  # for RapidPro's clock
    relay.close()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("55", 55), ("Wed, 04 Mar 2026 08:02:05 GMT", 125), (None, 60), ("soon", 60), ("-5", 1)],
)
def test_while_throttled_no_call_is_made_and_afterwards_sending_continues_at_once(
    world: World, header: str | None, seconds: float
) -> None:
    headers = {"Retry_After": header} if header else {}
    world.faults.append(fault_on("POST", BROADCASTS, reply(429, {"detail": "throttled"}, **headers)))
    world.add_texts("One", "Two")
    relay = make_relay(world)
    world.run(relay, 600)
    assert world.send_times() == [START] + [START + timedelta(seconds=seconds)] * 2
    assert world.sent() == ["One", "Two"]
    relay.close()


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_loses_nothing_and_is_retried_slowly(world: World, status: int) -> None:
    outage_end = START + timedelta(hours=1)
    world.faults.append(
        lambda _m, path, _b, _a: reply(status, {}) if path.startswith("/api/v2") and world.now < outage_end else None
    )
    world.add_texts("One", "Two")
    relay = make_relay(world)
    world.run(relay, 3599)
    assert len(world.send_times()) <= 12
    health = relay.app.test_client().get("/health").json
    assert health is not None
    assert health["status"] == "trouble"
    assert str(status) in health["rapidpro"]["last_error"]
    world.run(relay, 700)
    assert world.sent() == ["One", "Two"]
    assert set(world.statuses) == {"One", "Two"}
    relay.close()


def test_during_an_outage_of_hours_few_calls_are_made_and_no_text_is_lost(world: World) -> None:
    outage_end = START + timedelta(hours=3)
    world.faults.append(
        lambda _m, path, _b, _a: reply(503, "down") if path.startswith("/api/v2") and world.now < outage_end else None
    )
    relay = make_relay(world)
    world.add_texts(*[f"Reminder {n:02}" for n in range(30)])
    world.run(relay, 3 * 3600 - 1)
    assert world.count_calls("/api/v2") < 120
    world.run(relay, 1800)
    assert sorted(world.sent()) == [f"Reminder {n:02}" for n in range(30)]
    relay.close()


def test_a_text_that_makes_rapidpro_fail_blocks_no_other(world: World) -> None:
    world.faults.append(
        lambda _m, path, body, _a: reply(500, "x") if path == BROADCASTS and body and "poison" in body["text"] else None
    )
    world.add_texts("poison", to=ZAWADI)
    world.add_texts("One", "Two")
    relay = make_relay(world)
    world.run(relay, 60)
    assert world.sent() == ["One", "Two"]
    world.run(relay, 24 * 3600)
    assert len(world.send_times()) < 50
    relay.close()


def test_a_later_text_does_not_overtake_one_with_an_unknown_outcome_to_the_same_phone(world: World) -> None:
    world.faults.append(fault_on("POST", BROADCASTS, reply(503, "busy")))
    world.add_texts("First", "Second")
    world.add_texts("To Zawadi", to=ZAWADI)
    relay = make_relay(world)
    world.run(relay, 900)
    assert world.sent() == ["To Zawadi", "First", "Second"]
    relay.close()


def test_a_stale_list_does_not_cause_a_second_send(world: World) -> None:
    world.faults.append(fault_on("POST", BROADCASTS, lose_response))
    empty: Any = {"next": None, "previous": None, "results": []}
    world.faults.append(fault_on("GET", BROADCASTS, reply(200, empty), reply(200, empty)))
    world.add_texts("Visit due tomorrow")
    relay = make_relay(world)
    world.run(relay, 1200)
    assert world.sent() == ["Visit due tomorrow"]
    relay.close()


def test_a_broadcast_on_a_later_page_is_found(world: World) -> None:
    world.faults.append(fault_on("POST", BROADCASTS, lose_response))
    world.add_texts("Visit due tomorrow")
    relay = make_relay(world)
    relay.work(world.now)
    for number in range(600):
        row = {"id": number, "urns": [ZAWADI], "text": {"eng": "Other"}, "created_on": world.iso_now()}
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
    world.add_texts(*texts)
    world.faults.append(fault_on("POST", BROADCASTS, None, None, die))
    first = make_relay(world, database=database)
    with pytest.raises(Killed):
        first.work(world.now)
    second = make_relay(world, database=database)
    world.run(second, 1200)
    assert sorted(world.sent()) == texts
    second.close()
    first.close()


def test_a_crash_after_cht_handed_texts_out_loses_none(world: World, tmp_path: Any) -> None:
    def die(act: Any) -> Any:
        act()
        return Killed()

    database = f"sqlite:///{tmp_path}/relay.db"
    world.add_texts(*[f"Reminder {n:02}" for n in range(30)])
    world.faults.append(fault_on("POST", "/api/sms", None, die))
    first = make_relay(world, database=database)
    with pytest.raises(Killed):
        first.work(world.now)
    second = make_relay(world, database=database)
    world.run(second, 600)
    assert sorted(world.sent()) == [f"Reminder {n:02}" for n in range(30)]
    second.close()
    first.close()


def test_a_text_that_cht_hands_out_forever_is_sent_once_and_causes_few_calls(world: World) -> None:
    stuck = {"id": "stuck", "to": ZAWADI, "content": "In two documents"}

    def hand_out_again(act: Any) -> Any:
        body = act().json()
        return reply(200, {"messages": [*body["messages"], stuck]})

    world.faults.append(lambda _m, path, _b, act: hand_out_again(act) if path == "/api/sms" else None)
    relay = make_relay(world)
    world.run(relay, 599)
    assert world.sent() == ["In two documents"]
    assert world.count_calls("/api/sms") <= 40
    relay.close()


@pytest.mark.parametrize("number", ["0" * 9000, "+2507881230" * 900])
def test_an_absurdly_long_number_fails_with_a_reason_and_stops_no_other(
    world: World, database: str, number: str
) -> None:
    """PostgreSQL cannot index it."""

    def refuse(_m: str, _p: str, body: Any, _a: Any) -> Any:
        long = body and "urns" in body and len(body["urns"][0]) > 255
        return (
            reply(400, {"urns": {"0": ["Invalid URN: tel:0. Ensure phone numbers contain country codes."]}})
            if long
            else None
        )

    world.faults.append(refuse)
    world.waiting.append({"id": "long", "to": number, "content": "Hello"})
    world.add_texts("Visit due")
    relay = make_relay(world, database=database)
    world.run(relay, 300)
    assert world.sent() == ["Visit due"]
    assert world.statuses["long"][-1] == "FAILED"
    assert world.reasons["long"] == "The phone number is not valid: check it, with its country code."
    relay.close()


def test_an_absurdly_long_id_stops_no_other_text(world: World, database: str) -> None:
    world.waiting.append({"id": "i" * 9000, "to": ZAWADI, "content": "Hello"})
    world.add_texts("Visit due")
    relay = make_relay(world, database=database)
    world.run(relay, 300)
    assert world.sent() == ["Visit due"]
    relay.close()
