"""States from RapidPro back to CHT: in order, few requests, and told until CHT has them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from relay import Relay
from relay.messages import Status
from relay.policy import RAPIDPRO_STATUS
from tests.relay.neighbours import AMINA, World, lost, on, relay_in, reply, text_in

MESSAGES = "/api/v2/messages.json"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def relay(world: World) -> Any:
    relay = relay_in(world)
    yield relay
    relay.close()


def follow(world: World, relay: Relay, *words: str) -> list[str]:
    """What CHT is told of one text while RapidPro says these words, each for half an hour."""
    world.wants("Visit due")
    world.run(relay, 30)
    for word in words:
        world.turns("Visit due", word)
        world.run(relay, 1800)
    return world.states["Visit due"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["queued", "wired", "sent", "delivered"], ["UNSENT", "PENDING", "SENT", "DELIVERED"]),
        (["wired", "read"], ["UNSENT", "PENDING", "DELIVERED"]),
        (["wired", "resent"], ["UNSENT", "PENDING", "SENT"]),
        (["initializing", "wired", "errored", "queued", "wired"], ["UNSENT", "PENDING"]),
        (["errored", "failed"], ["UNSENT", "FAILED"]),
        (["failed", "sent", "delivered"], ["UNSENT", "FAILED", "DELIVERED"]),
        (["sent", "wired", "queued"], ["UNSENT", "SENT"]),
        (["wired", "levitating", "sent"], ["UNSENT", "PENDING", "SENT"]),
    ],
)
def test_states_follow_rapidpro_and_never_go_backwards(
    world: World, relay: Relay, words: list[str], told: list[str]
) -> None:
    assert follow(world, relay, *words) == told


def test_a_failure_comes_with_a_reason(world: World, relay: Relay) -> None:
    follow(world, relay, "failed")
    assert world.reasons["Visit due"] == "The text could not be delivered to the phone."


def test_a_phone_that_no_channel_reaches_is_named_as_the_reason(world: World, relay: Relay) -> None:
    world.wants("Visit due")
    world.run(relay, 30)
    world.messages[0].update(channel=None, urn=None, status="failed")
    world.run(relay, 200)
    assert world.reasons["Visit due"] == "No channel or address in RapidPro reaches this phone."


def test_rapidpros_words_lead_to_every_state() -> None:
    assert {word for word in RAPIDPRO_STATUS.values() if word} == set(Status)


def test_many_texts_share_a_request(world: World, relay: Relay) -> None:
    world.wants(*[f"Reminder {n:03}" for n in range(200)])
    world.run(relay, 30)
    for message in world.messages:
        message["status"] = "delivered"
    world.run(relay, 3600)
    assert world.count(MESSAGES) <= 2
    assert all(states[-1] == "DELIVERED" for states in world.states.values())


def test_several_pages_are_read(world: World, relay: Relay) -> None:
    world.wants(*[f"Reminder {n:03}" for n in range(600)])
    world.run(relay, 30)
    for message in world.messages:
        message["status"] = "delivered"
    world.run(relay, 600)
    assert all(states[-1] == "DELIVERED" for states in world.states.values())
    assert len(world.states) == 600


def test_a_final_report_that_never_comes_is_asked_for_less_and_less_often(world: World) -> None:
    relay = relay_in(world, poll_seconds=600)
    follow(world, relay, "sent")
    first = world.count(MESSAGES)
    assert first <= 12
    world.run(relay, 24 * 3600)
    assert world.count(MESSAGES) - first <= 12
    world.run(relay, 7 * 24 * 3600)
    asked = world.count(MESSAGES)
    world.run(relay, 7 * 24 * 3600)
    assert world.count(MESSAGES) == asked
    relay.close()


def test_old_texts_among_much_other_traffic_are_asked_for_by_name(world: World, relay: Relay) -> None:
    for number in range(2):
        world.wants(f"Old {number}")
        world.run(relay, 70)
    for number in range(3000):
        world.messages.insert(0, {**world.messages[0], "id": number, "broadcast": None, "text": "Other"})
    before = world.count(MESSAGES)
    world.run(relay, 600)
    assert world.count(MESSAGES) - before < 40
    for number in range(2):
        world.turns(f"Old {number}", "delivered")
    world.run(relay, 3600)
    assert [world.states[f"Old {n}"][-1] for n in range(2)] == ["DELIVERED"] * 2


def others(world: World, count: int) -> None:
    """Messages of others, newer than all before."""
    for number in range(count):
        world.messages.insert(0, {**world.messages[0], "id": number, "broadcast": None, "text": "Other"})


def asked(world: World) -> list[Any]:
    """The queries for messages so far."""
    return [query for _, _, path, query in world.calls if path == MESSAGES]


def test_of_texts_that_share_a_listing_only_what_it_does_not_show_soon_is_asked_for_by_name(
    world: World, relay: Relay
) -> None:
    world.wants("Fourth page")
    relay.work(world.now)
    named = str(world.broadcasts[0]["id"])
    others(world, 500)
    world.wants("Second page")
    relay.work(world.now + timedelta(seconds=40))
    others(world, 300)
    world.wants("First page")
    relay.work(world.now + timedelta(seconds=80))
    for message in world.messages:
        message["status"] = "delivered"
    world.now += timedelta(seconds=200)
    relay.work(world.now)
    assert [query.get("broadcast") for query in asked(world)] == [None, None, None, named]
    world.run(relay, 60)
    assert {states[-1] for states in world.states.values()} == {"DELIVERED"}


def test_a_text_without_a_name_is_asked_for_by_its_time_alone(world: World, relay: Relay) -> None:
    def nameless(act: Any) -> Any:
        return reply(201, {**act().json(), "id": None})

    world.faults.append(on("POST", "/api/v2/broadcasts.json", nameless, nameless))
    world.wants("One", "Two")
    relay.work(world.now)
    others(world, 800)
    world.run(relay, 300)
    assert asked(world)
    assert all(query["after"] and "broadcast" not in query for query in asked(world))


def test_a_listing_by_name_without_end_is_left_after_two_pages(world: World, relay: Relay) -> None:
    world.wants("Visit due")
    relay.work(world.now)
    endless = {"next": f"http://rapidpro.test{MESSAGES}?cursor=abc", "results": []}
    world.faults.append(
        lambda method, path, _b, _a: reply(200, endless) if (method, path) == ("GET", MESSAGES) else None
    )
    world.now += timedelta(seconds=100)
    relay.work(world.now)
    assert len(asked(world)) == 2


@pytest.mark.parametrize("trouble", [lost, reply(500, "x"), reply(200, "<html>starting</html>")])
def test_a_state_is_told_until_cht_has_confirmed_it(world: World, relay: Relay, trouble: Any) -> None:
    world.wants("Visit due")
    world.run(relay, 30)
    world.turns("Visit due", "delivered")
    world.faults.append(on("POST", "/api/sms", trouble, trouble, trouble))
    world.run(relay, 600)
    assert world.states["Visit due"][-1] == "DELIVERED"


def test_a_throttled_status_request_is_followed_by_silence_for_as_long_as_told(world: World, relay: Relay) -> None:
    world.wants("Visit due")
    world.run(relay, 30)
    world.faults.append(on("GET", MESSAGES, reply(429, {"detail": "x"}, Retry_After="600")))
    world.run(relay, 2000)
    asked = [at for at, _, path, _ in world.calls if path == MESSAGES]
    assert asked[1] - asked[0] == timedelta(seconds=600)


@pytest.mark.parametrize("trouble", [reply(200, "{"), reply(200, "[]"), reply(500, ""), reply(200, '{"results": 5}')])
def test_a_status_answer_that_makes_no_sense_changes_nothing(world: World, relay: Relay, trouble: Any) -> None:
    world.faults.append(on("GET", MESSAGES, trouble, trouble))
    assert follow(world, relay, "delivered") == ["UNSENT", "DELIVERED"]


def test_rows_without_sense_are_passed_over(world: World, relay: Relay) -> None:
    odd = [None, 5, {"direction": "out"}, {"direction": "out", "urn": 7, "text": None, "created_on": "soon"}]

    def more(act: Any) -> Any:
        body = act().json()
        return reply(200, {**body, "results": [*odd, *body["results"]]})

    world.faults.append(lambda _m, path, _b, act: more(act) if path == MESSAGES else None)
    assert follow(world, relay, "delivered") == ["UNSENT", "DELIVERED"]


def test_equal_texts_are_told_apart_where_broadcasts_have_no_ids(world: World, relay: Relay) -> None:
    """As the profile `next` does: uuids only, and no broadcast in a message."""

    def modern(method: str, path: str, _b: Any, act: Any) -> Any:
        if path not in {MESSAGES, "/api/v2/broadcasts.json"}:
            return None
        body = act().json()
        for row in body["results"] if method == "GET" else [body]:
            row["uuid"] = f"uuid-{row.pop('id')}"
            row.pop("broadcast", None)
        return reply(200 if method == "GET" else 201, body)

    world.faults.append(modern)
    for number in range(3):
        world.waiting.append({"id": f"same-{number}", "to": AMINA, "content": "Take your tablets"})
        world.run(relay, 5)
        world.now += timedelta(seconds=60)
    world.run(relay, 120)
    world.messages[1]["status"] = "delivered"
    world.messages[2]["status"] = "failed"
    world.run(relay, 1200)
    assert [world.states[f"same-{n}"][-1] for n in range(3)] == ["FAILED", "DELIVERED", "UNSENT"]


def test_a_state_told_together_with_a_text_that_cht_cannot_bear_is_told_again(world: World, relay: Relay) -> None:
    world.wants("Visit due")
    world.run(relay, 30)
    world.turns("Visit due", "delivered")
    world.faults.append(lambda _m, _p, body, _a: reply(500, "x") if body and body.get("messages") else None)

    def text_arrives(_m: str, path: str, _b: Any, _a: Any) -> None:
        if path == MESSAGES and not seen:
            seen.append(text_in(relay).status_code)

    seen: list[int] = []
    world.faults.append(text_arrives)
    world.run(relay, 300)
    assert seen == [200]
    assert world.states["Visit due"][-1] == "DELIVERED"
