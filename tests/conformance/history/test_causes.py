"""Whose deed it was: states that a relay reported, states that CHT took back, answers that never came."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conformance.history.causes import (
    changed_by_relay,
    never_confirmed,
    reported,
    taken_back,
    told_without_asking,
    was_on_its_way,
)
from conformance.history.model import Call, History, OutgoingText

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
YUSUF = "+250788200002"


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def to_cht(seconds: float, body: Any, **changes: Any) -> Call:
    """A request to CHT's gateway API."""
    text = body if isinstance(body, str) else json.dumps(body)
    return replace(Call(1, at(seconds), "cht", "in", "POST", "/api/sms", 200, body=text), **changes)


def tells(seconds: float, *updates: tuple[str, str]) -> Call:
    return to_cht(seconds, {"updates": [{"id": id_, "status": status} for id_, status in updates]})


def text(*states: str, uuid: str = "u-1", seconds: float = 10) -> OutgoingText:
    """A text that was in one of these states every `seconds`."""
    passed = tuple((state, at(place * seconds)) for place, state in enumerate(states))
    return OutgoingText(uuid, YUSUF, "hello", states[-1], NOON, passed)


# --- states that a relay reported


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("UNSENT", "received-by-gateway"),
        ("PENDING", "forwarded-by-gateway"),
        ("SENT", "sent"),
        ("DELIVERED", "delivered"),
        ("FAILED", "failed"),
        ("LEVITATING", None),
        ("sent", None),
    ],
)
def test_a_reported_status_is_known_by_its_word(word: str, state: str | None) -> None:
    history = History(calls=(tells(1, ("u-1", word)),))
    assert list(reported(history, "u-1")) == ([] if state is None else [(state, at(1))])


def test_reports_are_those_of_the_text_itself_in_the_order_of_the_calls() -> None:
    both = tells(1, ("u-2", "DELIVERED"), ("u-1", "SENT"), ("u-1", "DELIVERED"))
    history = History(calls=(both, tells(2, ("u-2", "FAILED"), ("u-11", "FAILED")), tells(3, ("u-1", "FAILED"))))
    assert list(reported(history, "u-1")) == [("sent", at(1)), ("delivered", at(1)), ("failed", at(3))]


@pytest.mark.parametrize(
    "changes", [{"direction": "out"}, {"path": "/medic/_bulk_docs"}, {"path": "/api/sms/status", "service": "rapidpro"}]
)
def test_only_a_request_to_the_gateway_api_is_a_report(changes: dict[str, Any]) -> None:
    assert list(reported(History(calls=(replace(tells(1, ("u-1", "SENT")), **changes),)), "u-1")) == []


@pytest.mark.parametrize(
    "body",
    [
        "u-1 is SENT",
        "",
        ["u-1", "SENT"],
        {"updates": {"u-1": "SENT"}},
        {"updates": "u-1"},
        {"updates": None, "messages": [{"id": "u-1", "status": "SENT"}]},
        {"updates": ["u-1", 7, None, ["id", "u-1"]]},
        {"updates": [{"id": "u-1"}, {"status": "SENT"}, {"id": ["u-1"], "status": "SENT"}]},
    ],
)
def test_a_body_of_another_shape_reports_nothing(body: Any) -> None:
    assert list(reported(History(calls=(to_cht(1, body),)), "u-1")) == []


SENT_TWICE = text("pending", "sent", "delivered", "sent", "sent")


@pytest.mark.parametrize(
    ("position", "reports", "by_relay"),
    [
        (1, (("SENT", 10),), True),
        (1, (("SENT", 15),), True),
        (1, (("SENT", 15.001),), False),  # later than the change, even if the clocks differ
        (1, (("DELIVERED", 5),), False),
        (3, (("SENT", 10), ("DELIVERED", 20)), False),  # sent a second time, reported once
        (3, (("SENT", 10), ("SENT", 30)), True),
        (3, (("SENT", 10), ("SENT", 40)), False),
        (4, (("SENT", 10), ("SENT", 30)), False),
        (4, (("SENT", 10), ("SENT", 30), ("SENT", 30), ("SENT", 50)), True),
        (2, (("SENT", 10), ("DELIVERED", 20)), True),
    ],
)
def test_the_nth_change_to_a_state_is_the_relays_if_it_had_reported_it_n_times(
    position: int, reports: tuple[tuple[str, float], ...], by_relay: bool
) -> None:
    history = History(calls=tuple(tells(seconds, ("u-1", word)) for word, seconds in reports))
    assert changed_by_relay(history, SENT_TWICE, position) is by_relay


@pytest.mark.parametrize("state", ["pending", "scheduled"])
def test_no_relay_makes_a_text_wait_again(state: str) -> None:
    history = History(calls=(tells(0, ("u-1", "SENT")),))
    assert not changed_by_relay(history, text("sent", state), 1)
    assert not changed_by_relay(History(), text("sent", state), 1)


@pytest.mark.parametrize(
    ("changes", "by_relay"), [({}, False), ({"direction": "out"}, True), ({"path": "/api/v1/people"}, True)]
)
def test_where_nobody_calls_the_gateway_api_cht_is_the_relay(changes: dict[str, Any], by_relay: bool) -> None:
    history = History(calls=(replace(to_cht(0, {"messages": []}), **changes),))
    assert changed_by_relay(history, text("delivered", "sent"), 1) is by_relay


@pytest.mark.parametrize(
    ("states", "before"),
    [
        (("pending",), False),
        (("scheduled", "pending"), False),
        (("pending", "sent"), False),
        (("pending", "forwarded-to-gateway", "pending"), False),  # not yet: the gateway never had it
        (("pending", "received-by-gateway", "pending"), True),
        (("pending", "sent", "scheduled", "pending", "forwarded-to-gateway"), True),
        (("sent", "delivered"), False),
    ],
)
def test_a_text_was_taken_back_if_it_waits_after_it_was_on_its_way(states: tuple[str, ...], before: bool) -> None:
    assert taken_back(text(*states)) is before


@pytest.mark.parametrize(
    "state", ["received-by-gateway", "forwarded-by-gateway", "sent", "delivered", "failed", "muted", "pending"]
)
def test_a_text_is_on_its_way_once_a_gateway_has_reported_it(state: str) -> None:
    on_its_way = state not in {"muted", "pending"}
    assert was_on_its_way(text("pending", state)) is on_its_way
    assert was_on_its_way(text("pending", state), 2) is on_its_way
    assert was_on_its_way(text("pending", state), 1) is False


# --- answers that never came


@pytest.mark.parametrize(
    ("calls", "unconfirmed"),
    [
        ((), False),  # the relay did not hand it over: then nothing excuses a refusal
        (((200, None),), False),
        (((None, "lose_reply#1"),), True),
        (((200, "garble#1"),), True),
        (((502, None),), True),
        (((None, "reset#1"), (200, None)), False),
        (((503, None), (None, "reset#1")), True),
    ],
)
def test_a_text_is_unconfirmed_while_each_answer_about_it_was_lost_spoilt_or_a_failure(
    calls: tuple[tuple[int | None, str | None], ...], unconfirmed: bool
) -> None:
    body = {"messages": [{"id": "run-1"}]}
    asked = tuple(to_cht(1, body, status=status, fault=fault) for status, fault in calls)
    assert never_confirmed(History(calls=asked), "run-1") is unconfirmed


@pytest.mark.parametrize(
    "changes", [{"direction": "out"}, {"path": "/api/v2/records"}, {"body": '{"messages":[{"id":"run-2"}]}'}]
)
def test_only_requests_that_hand_this_text_to_the_gateway_api_count(changes: dict[str, Any]) -> None:
    lost = to_cht(1, {"messages": [{"id": "run-1"}]}, status=502)
    assert not never_confirmed(History(calls=(replace(lost, **changes),)), "run-1")
    confirmed_elsewhere = replace(lost, status=200, **changes)
    assert never_confirmed(History(calls=(confirmed_elsewhere, lost)), "run-1")


# --- delivered, as far as anybody could know


def looks_up(seconds: float, **changes: Any) -> Call:
    return replace(Call(1, at(seconds), "rapidpro", "in", "GET", "/api/v2/messages.json", 200), **changes)


@pytest.mark.parametrize(
    ("lookups", "word", "unasked"),
    [
        ((), "DELIVERED", True),
        ((), "SENT", False),
        ((looks_up(5),), "DELIVERED", False),
        ((looks_up(10),), "DELIVERED", False),  # in the same moment: it may have asked before
        ((looks_up(11),), "DELIVERED", True),
        ((looks_up(20), looks_up(5)), "DELIVERED", False),
        ((looks_up(5, method="POST"),), "DELIVERED", True),
        ((looks_up(5, service="cht"),), "DELIVERED", True),
        ((looks_up(5, direction="out"),), "DELIVERED", True),
        ((looks_up(5, status=429),), "DELIVERED", True),
        ((looks_up(5, status=None),), "DELIVERED", True),
        ((looks_up(5, path="/api/v2/workspace.json"),), "DELIVERED", True),
    ],
)
def test_a_relay_knows_that_a_text_is_delivered_only_after_it_has_asked_rapidpro(
    lookups: tuple[Call, ...], word: str, unasked: bool
) -> None:
    delivered, other = text("pending", "delivered"), text("pending", "sent", uuid="u-2")
    history = History(outgoing_texts=(other, delivered), calls=(tells(10, ("u-1", word)), *lookups))
    assert list(told_without_asking(history)) == ([delivered] if unasked else [])
