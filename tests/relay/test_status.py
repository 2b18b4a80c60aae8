"""Statuses from RapidPro to CHT: in order, with few requests, and reported until CHT confirms them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from relay import Relay
from relay.models import GatewayStatus
from relay.policy import GATEWAY_STATUSES
from tests.relay.neighbours import AMINA, World, fault_on, lose_response, make_relay, post_text, reply

MESSAGES = "/api/v2/messages.json"


def report_statuses(world: World, relay: Relay, *statuses: str) -> list[str]:
    """What CHT gets reported about one text while it has these statuses in RapidPro, each for half an hour."""
    world.add_texts("Visit due")
    world.run(relay, 30)
    for status in statuses:
        world.set_status("Visit due", status)
        world.run(relay, 1800)
    return world.statuses["Visit due"]


@pytest.mark.parametrize(
    ("statuses", "reported"),
    [
        (["queued", "wired", "sent", "delivered"], ["UNSENT", "PENDING", "SENT", "DELIVERED"]),
        (["wired", "read"], ["UNSENT", "PENDING", "DELIVERED"]),
        (["wired", "resent"], ["UNSENT", "PENDING", "SENT"]),
        (["initializing", "wired", "errored", "queued", "wired"], ["UNSENT", "PENDING"]),
        (["errored", "failed"], ["UNSENT", "FAILED"]),
        (["failed", "sent", "delivered"], ["UNSENT", "FAILED", "SENT", "DELIVERED"]),
        (["failed", "queued", "wired"], ["UNSENT", "FAILED", "UNSENT", "PENDING"]),
        (["failed", "wired"], ["UNSENT", "FAILED", "PENDING"]),
        (["sent", "wired", "queued"], ["UNSENT", "SENT"]),
        (["wired", "levitating", "sent"], ["UNSENT", "PENDING", "SENT"]),
    ],
)
def test_statuses_follow_rapidpro_and_never_go_backwards(
    world: World, relay: Relay, statuses: list[str], reported: list[str]
) -> None:
    assert report_statuses(world, relay, *statuses) == reported


def test_a_failure_comes_with_a_reason(world: World, relay: Relay) -> None:
    report_statuses(world, relay, "failed")
    assert world.reasons["Visit due"] == "The text could not be delivered to the phone."


def test_a_phone_that_no_channel_reaches_is_given_as_the_reason(world: World, relay: Relay) -> None:
    world.add_texts("Visit due")
    world.run(relay, 30)
    world.messages[0].update(channel=None, urn=None, status="failed")
    world.run(relay, 200)
    assert world.reasons["Visit due"] == "No channel or address in RapidPro reaches this phone."


def test_rapidpros_statuses_lead_to_every_gateway_status() -> None:
    assert {status for status in GATEWAY_STATUSES.values() if status} == set(GatewayStatus)


def test_many_texts_share_a_request(world: World, relay: Relay) -> None:
    world.add_texts(*[f"Reminder {n:03}" for n in range(200)])
    world.run(relay, 30)
    for message in world.messages:
        message["status"] = "delivered"
    world.run(relay, 3600)
    assert world.count_calls(MESSAGES) <= 2
    assert all(statuses[-1] == "DELIVERED" for statuses in world.statuses.values())


def test_several_pages_are_read(world: World, relay: Relay) -> None:
    world.add_texts(*[f"Reminder {n:03}" for n in range(600)])
    world.run(relay, 30)
    for message in world.messages:
        message["status"] = "delivered"
    world.run(relay, 600)
    assert all(statuses[-1] == "DELIVERED" for statuses in world.statuses.values())
    assert len(world.statuses) == 600


def test_a_final_status_that_never_comes_is_checked_less_and_less_often(world: World) -> None:
    relay = make_relay(world, poll_seconds=600)
    report_statuses(world, relay, "sent")
    first = world.count_calls(MESSAGES)
    assert first <= 12
    world.run(relay, 24 * 3600)
    assert world.count_calls(MESSAGES) - first <= 12
    world.run(relay, 7 * 24 * 3600)
    calls = world.count_calls(MESSAGES)
    world.run(relay, 7 * 24 * 3600)
    assert world.count_calls(MESSAGES) == calls
    relay.close()


def test_old_texts_among_much_other_traffic_are_queried_by_broadcast(world: World, relay: Relay) -> None:
    for number in range(2):
        world.add_texts(f"Old {number}")
        world.run(relay, 70)
    for number in range(3000):
        world.messages.insert(0, {**world.messages[0], "id": number, "broadcast": None, "text": "Other"})
    before = world.count_calls(MESSAGES)
    world.run(relay, 600)
    assert world.count_calls(MESSAGES) - before < 40
    for number in range(2):
        world.set_status(f"Old {number}", "delivered")
    world.run(relay, 3600)
    assert [world.statuses[f"Old {n}"][-1] for n in range(2)] == ["DELIVERED"] * 2


def add_other_messages(world: World, count: int) -> None:
    """Messages of other senders, newer than all before."""
    for number in range(count):
        world.messages.insert(0, {**world.messages[0], "id": number, "broadcast": None, "text": "Other"})


def status_queries(world: World) -> list[Any]:
    """The queries of the message list so far."""
    return [query for _, _, path, query in world.calls if path == MESSAGES]


def test_of_texts_that_share_a_query_only_those_that_it_does_not_show_soon_are_queried_by_broadcast(
    world: World, relay: Relay
) -> None:
    world.add_texts("Fourth page")
    relay.work(world.now)
    broadcast_id = str(world.broadcasts[0]["id"])
    add_other_messages(world, 500)
    world.add_texts("Second page")
    relay.work(world.now + timedelta(seconds=40))
    add_other_messages(world, 300)
    world.add_texts("First page")
    relay.work(world.now + timedelta(seconds=80))
    for message in world.messages:
        message["status"] = "delivered"
    world.now += timedelta(seconds=200)
    relay.work(world.now)
    assert [query.get("broadcast") for query in status_queries(world)] == [None, None, None, broadcast_id]
    world.run(relay, 60)
    assert {statuses[-1] for statuses in world.statuses.values()} == {"DELIVERED"}


def test_a_text_without_a_broadcast_id_is_queried_by_time_only(world: World, relay: Relay) -> None:
    def without_id(act: Any) -> Any:
        body = {**act().json(), "uuid": f"u-{world.broadcasts[0]['id']}"}  # as a later RapidPro may answer
        del body["id"]
        return reply(201, body)

    world.faults.append(fault_on("POST", "/api/v2/broadcasts.json", without_id, without_id))
    world.add_texts("One", "Two")
    relay.work(world.now)
    add_other_messages(world, 800)
    world.run(relay, 300)
    assert status_queries(world)
    assert all(query["after"] and "broadcast" not in query for query in status_queries(world))


def test_an_endless_query_by_broadcast_is_stopped_after_two_pages(world: World, relay: Relay) -> None:
    world.add_texts("Visit due")
    relay.work(world.now)
    endless = {"next": f"http://rapidpro.test{MESSAGES}?cursor=abc", "results": []}
    world.faults.append(
        lambda method, path, _b, _a: reply(200, endless) if (method, path) == ("GET", MESSAGES) else None
    )
    world.now += timedelta(seconds=100)
    relay.work(world.now)
    assert len(status_queries(world)) == 2


@pytest.mark.parametrize("answer", [lose_response, reply(500, "x"), reply(200, "<html>starting</html>")])
def test_a_status_is_reported_until_cht_confirms_it(world: World, relay: Relay, answer: Any) -> None:
    world.add_texts("Visit due")
    world.run(relay, 30)
    world.set_status("Visit due", "delivered")
    world.faults.append(fault_on("POST", "/api/sms", answer, answer, answer))
    world.run(relay, 600)
    assert world.statuses["Visit due"][-1] == "DELIVERED"


def test_after_a_throttled_status_query_no_call_is_made_until_retry_after(world: World, relay: Relay) -> None:
    world.add_texts("Visit due")
    world.run(relay, 30)
    world.faults.append(fault_on("GET", MESSAGES, reply(429, {"detail": "x"}, Retry_After="600")))
    world.run(relay, 2000)
    times = [time for time, _, path, _ in world.calls if path == MESSAGES]
    assert times[1] - times[0] == timedelta(seconds=600)


@pytest.mark.parametrize("answer", [reply(200, "{"), reply(200, "[]"), reply(500, ""), reply(200, '{"results": 5}')])
def test_an_invalid_response_to_a_status_query_changes_nothing(world: World, relay: Relay, answer: Any) -> None:
    world.faults.append(fault_on("GET", MESSAGES, answer, answer))
    assert report_statuses(world, relay, "delivered") == ["UNSENT", "DELIVERED"]


def test_invalid_rows_are_skipped(world: World, relay: Relay) -> None:
    invalid = [None, 5, {"direction": "out"}, {"direction": "out", "urn": 7, "text": None, "created_on": "soon"}]

    def add_invalid_rows(act: Any) -> Any:
        body = act().json()
        return reply(200, {**body, "results": [*invalid, *body["results"]]})

    world.faults.append(lambda _m, path, _b, act: add_invalid_rows(act) if path == MESSAGES else None)
    assert report_statuses(world, relay, "delivered") == ["UNSENT", "DELIVERED"]


def test_equal_texts_are_distinguished_when_broadcasts_have_no_ids(world: World, relay: Relay) -> None:
    """As in the profile `next`: uuids only, and no broadcast in a message."""

    def without_ids(method: str, path: str, _b: Any, act: Any) -> Any:
        if path not in {MESSAGES, "/api/v2/broadcasts.json"}:
            return None
        body = act().json()
        for row in body["results"] if method == "GET" else [body]:
            row["uuid"] = f"uuid-{row.pop('id')}"
            row.pop("broadcast", None)
        return reply(200 if method == "GET" else 201, body)

    world.faults.append(without_ids)
    for number in range(3):
        world.waiting.append({"id": f"same-{number}", "to": AMINA, "content": "Take your tablets"})
        world.run(relay, 5)
        world.now += timedelta(seconds=60)
    world.run(relay, 120)
    world.messages[1]["status"] = "delivered"
    world.messages[2]["status"] = "failed"
    world.run(relay, 1200)
    assert [world.statuses[f"same-{n}"][-1] for n in range(3)] == ["FAILED", "DELIVERED", "UNSENT"]


def test_a_status_reported_together_with_a_text_that_makes_cht_fail_is_reported_again(
    world: World, relay: Relay
) -> None:
    world.add_texts("Visit due")
    world.run(relay, 30)
    world.set_status("Visit due", "delivered")
    world.faults.append(lambda _m, _p, body, _a: reply(500, "x") if body and body.get("messages") else None)

    def text_arrives(_m: str, path: str, _b: Any, _a: Any) -> None:
        if path == MESSAGES and not response_codes:
            response_codes.append(post_text(relay).status_code)

    response_codes: list[int] = []
    world.faults.append(text_arrives)
    world.run(relay, 300)
    assert response_codes == [200]
    assert world.statuses["Visit due"][-1] == "DELIVERED"


# --- states that are so


OTHER_NUMBER = "RapidPro sent the text to another phone number of the same contact."


def test_a_text_that_rapidpro_sends_to_another_number_of_the_contact_fails_and_is_never_delivered(
    world: World, relay: Relay
) -> None:
    """RapidPro 9.0 and 26 take the first number of the contact (rapidpro issue 452)."""
    world.add_texts("Visit due")
    relay.work(world.now)
    world.messages[0]["urn"] = "tel:+250788999999"
    for status in ("wired", "sent", "delivered"):
        world.set_status("Visit due", status)
        world.run(relay, 1800)
    assert world.statuses["Visit due"][-1] == "FAILED"
    assert "DELIVERED" not in world.statuses["Visit due"]
    assert world.reasons["Visit due"] == OTHER_NUMBER


def test_a_text_that_a_person_sends_again_in_rapidpro_has_its_new_state(world: World, relay: Relay) -> None:
    world.add_texts("Visit due")
    world.run(relay, 30)
    world.set_status("Visit due", "failed")
    world.run(relay, 300)
    world.set_status("Visit due", "wired")
    world.run(relay, 1800)
    assert world.statuses["Visit due"][-2:] == ["FAILED", "PENDING"]
    assert not world.reasons["Visit due"]
    world.set_status("Visit due", "delivered")
    world.run(relay, 3600)
    assert world.statuses["Visit due"][-1] == "DELIVERED"


def test_a_text_of_which_rapidpro_makes_no_message_fails_with_a_reason_within_a_day(world: World, relay: Relay) -> None:
    """RapidPro 6.4 to 8.0, if the contact is blocked (mailroom issue 599)."""
    world.add_texts("Visit due")
    world.run(relay, 5)
    world.messages.clear()
    world.run(relay, 11 * 3600)
    assert world.statuses["Visit due"] == ["UNSENT"]
    world.run(relay, 13 * 3600)
    assert world.statuses["Visit due"] == ["UNSENT", "FAILED"]
    assert "no message" in world.reasons["Visit due"]


def test_a_message_that_appears_late_is_believed(world: World, relay: Relay) -> None:
    world.add_texts("Visit due")
    world.run(relay, 5)
    late = [{**message, "status": "delivered"} for message in world.messages]
    world.messages.clear()
    world.run(relay, 19 * 3600)
    world.messages += late
    world.run(relay, 6 * 3600)
    assert world.statuses["Visit due"] == ["UNSENT", "FAILED", "DELIVERED"]


def test_of_texts_that_share_a_query_one_without_a_message_is_queried_by_broadcast_before_it_fails(
    world: World, relay: Relay
) -> None:
    world.add_texts("One", "Two")
    world.run(relay, 5)
    lost = str(world.messages.pop()["broadcast"])
    world.set_status("Two", "sent")
    world.run(relay, 24 * 3600)
    assert (world.statuses["One"][-1], world.statuses["Two"][-1]) == ("FAILED", "SENT")
    assert [query.get("broadcast") for query in status_queries(world)].count(lost) >= 1


@pytest.mark.parametrize(
    "changes",
    [{"text": "Words of another broadcast"}, {"created_on": "2026-01-01T08:00:00.000000Z"}],
    ids=["words", "time"],
)
def test_a_message_with_the_broadcasts_id_but_other_words_or_another_time_is_not_ours(
    world: World, relay: Relay, changes: dict[str, str]
) -> None:
    """RapidPro's database was restored from a backup, and gives the same ids again."""
    world.faults.append(
        lambda _m, path, _b, _a: (
            reply(200, {"next": None, "results": [{**world.messages[0], **changes, "status": "delivered"}]})
            if path == MESSAGES
            else None
        )
    )
    world.add_texts("Visit due")
    world.run(relay, 3600)
    assert world.statuses["Visit due"] == ["UNSENT"]
