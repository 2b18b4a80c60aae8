"""Where CHT's own gateway is weak, the fake one is weak in the same way; each test names its recording."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.fakes.cht.messaging.gateway import (
    JSON,
    accepted,
    document,
    message_state,
    pending,
    refused,
    sending,
    taken,
    under_way,
)
from tests.scripted_server import Answers

HTML = {"status": 200, "content_type": "text/html", "body": "<html>Maintenance</html>"}


def always(answer: dict[str, Any]) -> Answers:
    return lambda _number, _request: answer


def test_a_lost_answer_makes_the_same_text_be_sent_twice() -> None:
    """outgoing_rapidpro/send-answer-lost"""
    made = sending(lambda number, _: accepted(number) if number else {"reset": True}, pending(1))
    made.clock.advance(120)
    assert made.texts == ["text u-000"] * 2


def test_sixty_seconds_are_too_few_for_a_full_batch_and_slow_answers() -> None:
    """outgoing_rapidpro/overlap-slow-server: with the shipped interval it begins at 2.4 s an answer"""
    for seconds, times in ((2.3, 1), (2.5, 2)):
        made = sending(taken(delay=seconds), pending(25))
        made.clock.advance(60 + 59 + 25 * 3)
        assert Counter(made.texts)["text u-000"] == times


def test_states_are_written_only_when_a_pass_is_through() -> None:
    """outgoing_rapidpro/crash-midway"""
    made = sending(taken(delay=1), pending(3))
    made.clock.advance(62.5)
    assert (len(made.texts), set(made.states())) == (3, {"pending"})
    made.clock.advance(1)
    assert set(made.states()) == {"received-by-gateway"}


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_a_last_row_that_fails_is_asked_again_without_pause_until_a_429_comes(status: int) -> None:
    """outgoing_rapidpro/poll-http-403-endless, poll-one-bad-row-last-endless"""
    made = sending(lambda number, _: refused(429 if number == 200 else status), under_way(1))
    assert len(made.run("poll")) == 201


def test_on_the_clock_the_endless_loop_makes_about_fifty_requests_a_second_and_time_goes_on() -> None:
    """outgoing_rapidpro/poll-http-403-endless"""
    made = sending(always(refused(403)), [*under_way(1), *pending(2)[1:]])
    made.clock.advance(62)
    assert 49 <= sum(60.5 < time <= 61.5 for time in made.times) <= 51
    assert made.texts == ["text u-001"]  # sending goes on meanwhile


def test_the_endless_loop_ends_in_the_fake_at_some_time() -> None:
    """Not so in the real one: there only a 429, success or a restart ends it."""
    made = sending(always(refused(403)), under_way(1))
    assert len(made.run("poll")) == 500


def test_a_broadcast_without_an_answer_holds_its_pass_but_no_other() -> None:
    """outgoing_rapidpro/send-slow-answer: no time limit"""
    made = sending(lambda number, _: accepted(number, delay=0 if number else 36_000), pending(2))
    made.clock.advance(125)
    assert made.texts == ["text u-000", "text u-000", "text u-001"]
    made.clock.advance(36_000)
    assert made.task()["gateway_ref"] == 1000


@pytest.mark.parametrize("status", ["read", "handled", "pending", "completed"])
def test_an_unknown_status_takes_a_sent_message_back_to_queued(status: str) -> None:
    """outgoing_rapidpro/poll-read-after-sent"""
    doc = document(0, "sent", state_details="Sent", gateway_ref=501)
    made = sending(always(message_state(status)), [doc])
    made.run("poll")
    assert (made.task()["state"], made.task()["state_details"]) == ("received-by-gateway", "Queued")
    assert len(made.run("poll")) == 1  # and for ever after


def test_of_several_messages_of_a_broadcast_only_the_first_is_looked_at() -> None:
    """outgoing_rapidpro/poll-several-results"""
    body = '{"results": [{"status": "failed"}, {"status": "delivered"}]}'
    made = sending(always({"status": 200, "content_type": JSON, "body": body}), under_way(1))
    made.run("poll")
    assert made.task()["state"] == "failed"


@pytest.mark.parametrize(
    "answer",
    [
        HTML,
        {"status": 302, "content_type": None, "headers": {"Location": "/login"}},
        {"status": 201, "content_type": JSON, "body": '{"uuid": "a", "status": "queued"}'},
    ],
    ids=["send-html-200", "send-http-302-login", "send-id-missing"],
)
def test_a_message_that_was_not_accepted_counts_as_sent_and_is_never_polled(answer: dict[str, Any]) -> None:
    """outgoing_rapidpro/send-html-200, send-http-302-login, send-http-301-same-origin, send-id-missing"""
    made = sending(lambda _, request: answer if request["method"] == "POST" else HTML, pending(1))
    made.clock.advance(600)
    assert made.task()["state"] == "received-by-gateway"
    assert "gateway_ref" not in made.task()
    assert len(made.texts) == 1
    assert not [request for request in made.script.asked if "messages.json" in request["path"]]


def test_a_400_is_final_and_its_cause_is_not_stored() -> None:
    """outgoing_rapidpro/send-http-400-urns"""
    made = sending(always(refused(400)), pending(1))
    made.clock.advance(600)
    task = made.task()
    assert (task["state"], task["state_details"], len(made.texts)) == ("failed", "Failed", 1)


def test_a_400_whose_body_is_broken_is_tried_for_ever() -> None:
    """outgoing_rapidpro/send-400-malformed"""
    made = sending(always({"status": 400, "content_type": JSON, "body": "{oops"}), pending(1))
    made.clock.advance(600)
    assert (made.states(), len(made.texts)) == (["pending"], 10)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_token_or_address_is_tried_for_ever_with_every_message(status: int) -> None:
    """outgoing_rapidpro/send-http-403: each minute 25 requests"""
    made = sending(always(refused(status)), pending(40))
    made.clock.advance(180)
    assert len(made.texts) == 75


def test_a_throttled_account_gets_a_full_pass_every_minute_whatever_retry_after_says() -> None:
    """outgoing_rapidpro/send-throttled-midway, send-http-429"""
    answer = {**refused(429), "headers": {"Retry-After": "3412"}}
    made = sending(always(answer), pending(30))
    made.clock.advance(120)
    assert [round(time) for time in made.times] == [60] * 25 + [120] * 25


def test_25_messages_that_cannot_be_sent_block_all_others() -> None:
    """outgoing_rapidpro/send-block-25"""
    made = sending(always(refused(500)), pending(26))
    made.clock.advance(3600)
    assert "text u-025" not in made.texts


def test_the_second_message_of_a_task_is_lost_when_it_fails() -> None:
    """outgoing_rapidpro/send-multi-message-second-fails"""
    made = sending(lambda number, _: refused(500) if number == 1 else accepted(number), [_two_messages()])
    made.clock.advance(119)
    assert made.texts == ["text u-000", "text u-001"]
    assert (made.task()["state"], made.task()["gateway_ref"]) == ("received-by-gateway", 1000)


def test_of_two_messages_of_a_task_only_the_reference_of_the_last_is_kept() -> None:
    """outgoing_rapidpro/send-multi-message-task"""
    made = sending(taken(), [_two_messages()])
    made.run("send")
    assert made.task()["gateway_ref"] == 1001


def test_a_message_set_to_another_state_while_it_is_being_sent_is_set_back() -> None:
    """outgoing_rapidpro/cleared-in-flight"""
    made = sending(taken(delay=5), pending(1))
    made.clock.advance(62)
    doc = made.cht.state.get("d-000")
    assert doc is not None
    doc["tasks"][0]["state"] = "muted"
    made.cht.state.save(doc)
    made.clock.advance(10)
    assert made.task()["state"] == "received-by-gateway"


def test_rows_are_passed_over_when_the_queue_shrinks_behind_the_skip_pointer() -> None:
    """outgoing_rapidpro/poll-skip-survives"""
    made = sending(lambda number, _: refused(429) if number == 2 else message_state("queued"), under_way(4))
    made.run("poll")
    for number in (0, 1):
        doc = made.cht.state.get(f"d-{number:03}")
        assert doc is not None
        made.cht.state.save({**doc, "_deleted": True})
    assert made.run("poll") == []  # the two that are left were not asked
    assert len(made.run("poll")) == 2


def test_references_of_an_earlier_provider_are_asked_for_as_if_they_were_broadcasts() -> None:
    """outgoing_rapidpro/poll-string-ref"""
    made = sending(always(refused(429)), [document(0, "sent", gateway_ref="ATXid_1")])
    made.run("poll")
    assert made.polled == ["ATXid_1"]


def test_messages_a_gateway_phone_has_fetched_are_sent_as_well() -> None:
    """outgoing_rapidpro/send-forwarded-to-gateway"""
    made = sending(taken(), [document(0, "forwarded-to-gateway")])
    made.run("send")
    assert made.texts == ["text u-000"]


def test_a_message_that_moves_on_is_asked_again_in_the_same_pass() -> None:
    """outgoing_rapidpro/poll-progress-steps"""
    steps = ("wired", "sent", "delivered")
    made = sending(lambda number, _: message_state(steps[number]), under_way(1))
    assert len(made.run("poll")) == 3
    assert made.task()["state"] == "delivered"


def test_a_message_is_not_asked_for_in_the_minute_in_which_it_is_sent() -> None:
    """Both timers fire at one moment, and the queue to be polled is read before the first broadcast is answered."""
    made = sending(taken(), pending(1))
    made.clock.advance(119)
    assert (len(made.texts), made.polled) == (1, [])
    made.clock.advance(1)
    assert made.polled == ["1000"]


def _two_messages() -> dict[str, Any]:
    doc = document(0, "pending")
    second = {"to": "+13125550103", "message": "text u-001", "uuid": "u-001"}
    doc["tasks"][0]["messages"].append(second)
    return doc
