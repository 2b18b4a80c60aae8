"""The ladder: in order of time, polls and repetitions counted, nothing else missing, the decisive call in its place."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.evidence.entries import Scene, all_entries, is_empty_poll
from conformance.evidence.ladder import FEW, ladder, shortest
from conformance.evidence.model import Event, Party
from conformance.history.model import Arrival, Call, History, IncomingText, Message, Outcome, OutgoingText
from tests.conformance.evidence.histories import (
    AMINA,
    NAMES,
    YUSUF,
    at,
    call,
    handed_over,
    look_up,
    poll,
    send,
    told,
    webhook,
)


def events(*calls: Call, **parts: Any) -> tuple[Event, ...]:
    return ladder(Scene(History(calls=calls, **parts), NAMES))


def titles(found: tuple[Event, ...]) -> list[str]:
    return [event.title if event.count == 1 else f"{event.title} x{event.count}" for event in found]


def pending(number: int, since: datetime) -> OutgoingText:
    return OutgoingText(f"u-{number}", AMINA, f"Text {number}", "pending", states=(("pending", since),))


EMPTY = [
    poll(1),
    poll(1, "{}"),
    poll(1, ""),
    poll(1, '{"messages": []}'),
    poll(1, reply='{"messages": [], "other": 1}'),
    look_up(1, reply_body='{"next": null, "previous": null, "results": []}'),
]
NEWS = [
    poll(1, reply='{"messages": [{"id": "a"}]}'),
    poll(1, '{"updates": [{"id": "a", "status": "SENT"}]}'),
    poll(1, '{"messages": [{"id": "a"}]}'),
    poll(1, "no JSON"),
    poll(1, reply="<html>"),
    poll(1, status=503),
    poll(1, status=None),
    poll(1, fault="reset#1"),
    look_up(1),
    send(1, "Visit"),
    webhook(1, "run-1", "I am ill"),
]


@pytest.mark.parametrize(("calls", "empty"), [(EMPTY, True), (NEWS, False)])
def test_a_poll_is_empty_if_it_asks_for_news_gets_none_and_brings_none(calls: list[Call], empty: bool) -> None:
    assert [is_empty_poll(one) for one in calls] == [empty] * len(calls)


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([poll(n) for n in range(1, 13)], ["empty polls: POST /api/sms x12"]),
        ([poll(1)], ["POST /api/sms"]),
        ([poll(1), poll(2, "{}"), poll(3, "")], ["empty polls: POST /api/sms x3"]),
        (
            [poll(1), look_up(2, reply_body='{"results": []}', query="after=1"), poll(3),
             look_up(4, reply_body='{"results": []}', query="after=2")],
            ["empty polls: POST /api/sms x2", "empty polls: GET /api/v2/messages.json x2"],
        ),
        (
            [poll(1), poll(2), send(3, "Visit"), poll(4), poll(5)],
            ["empty polls: POST /api/sms x2", "POST /api/v2/broadcasts.json", "empty polls: POST /api/sms x2"],
        ),
        ([look_up(1), look_up(2), look_up(3)], ["GET /api/v2/messages.json", "GET /api/v2/messages.json x2"]),
        ([look_up(1), look_up(2, "sent"), look_up(3)], ["GET /api/v2/messages.json"] * 3),
        ([send(1, "Visit"), send(2, "Visit", reply_body='{"id": 9001}')], ["POST /api/v2/broadcasts.json"] * 2),
        (
            [send(n, "Visit", status=503, acted=False, reply_body="") for n in (1, 2, 3)],
            ["POST /api/v2/broadcasts.json", "POST /api/v2/broadcasts.json x2"],
        ),
        ([told(1, "u", "SENT"), told(2, "u", "SENT"), told(3, "u", "SENT")], ["POST /api/sms", "POST /api/sms x2"]),
    ],
)  # fmt: skip
def test_calls_are_folded_by_what_they_carry(calls: list[Call], expected: list[str]) -> None:
    assert titles(events(*calls)) == expected


def test_a_folded_event_says_when_the_last_one_was() -> None:
    (event,) = events(poll(1), poll(2), poll(9))
    assert (event.at, event.until) == (at(60).isoformat(), at(540).isoformat())


def test_the_harness_and_others_in_the_workspace_are_no_part_of_it() -> None:
    admin = {"authorization": "Basic admin:[hidden:cht:password of admin]"}
    others = {"authorization": "Token [hidden:rapidpro:others]"}
    shown = events(call(1, service="cht", path="/medic/doc", headers=admin), send(2, "Notice", headers=others))
    assert shown == ()


TEXT = IncomingText("run-1", AMINA, "I am ill", Outcome.OK, at(60))
DUE = OutgoingText(
    "u-1", YUSUF, "Visit", "sent",
    states=(("pending", at(0)), ("forwarded-to-gateway", at(120)), ("received-by-gateway", at(120)), ("sent", at(600))),
)  # fmt: skip


def test_a_text_is_followed_from_party_to_party() -> None:
    found = ladder(
        Scene(
            History(
                calls=(
                    webhook(1, "run-1", "I am ill"),
                    poll(2, reply='{"messages": [{"id": "u-1"}]}', at=at(120)),
                    told(3, "u-1", "UNSENT", at=at(120)),
                    send(4, "Visit", YUSUF),
                    told(10, "u-1", "SENT"),
                    handed_over(11, "run-1", "I am ill"),
                ),
                incoming_texts=(TEXT, replace(TEXT)),
                outgoing_texts=(DUE,),
                messages=(Message(8001, YUSUF, "Visit", "sent", at(240)),),
                arrivals=(Arrival(YUSUF, "Visit", at(420), 8001),),
            ),
            NAMES,
            {8001: (("wired", at(300)), ("sent", at(360)))},
        )
    )
    assert [(one.source.value, one.target.value, one.title) for one in found] == [
        ("cht", "cht", '"Visit" for Yusuf is pending'),
        ("phone", "rapidpro", '"I am ill" from Amina'),
        ("rapidpro", "relay", "POST /incoming"),
        ("relay", "cht", "POST /api/sms"),
        ("cht", "cht", '"Visit" for Yusuf is forwarded-to-gateway'),
        ("relay", "cht", "POST /api/sms"),
        ("cht", "cht", '"Visit" for Yusuf is received-by-gateway'),
        ("relay", "rapidpro", "POST /api/v2/broadcasts.json"),
        ("rapidpro", "rapidpro", '"Visit" to Yusuf is wired'),
        ("rapidpro", "rapidpro", '"Visit" to Yusuf is sent'),
        ("rapidpro", "phone", '"Visit" to Yusuf'),
        ("relay", "cht", "POST /api/sms"),
        ("cht", "cht", '"Visit" for Yusuf is sent'),
        ("relay", "cht", "POST /api/sms"),
    ]


def test_a_cht_that_is_the_relay_is_shown_once_for_each_call() -> None:
    calls = (
        send(1, "Visit", service="cht", direction="out"),
        send(2, "Visit"),
        webhook(3, "run-1", "I am ill", service="cht", direction="in"),
        webhook(4, "run-1", "I am ill"),
    )
    found = ladder(Scene(History(calls=calls), NAMES, relay=Party.CHT))
    assert [(one.seq, one.source, one.target) for one in found] == [
        (2, Party.CHT, Party.RAPIDPRO),
        (4, Party.RAPIDPRO, Party.CHT),
    ]


def test_what_was_asked_and_answered_is_kept_with_the_headers_that_matter() -> None:
    asked = {"authorization": "Token [hidden:rapidpro:relay]", "content-type": "application/json", "accept": "*/*"}
    answered = {"retry-after": "1800", "date": "today", "location": "/login"}
    refused: dict[str, Any] = {"status": 429, "fault": "throttle#3", "acted": False}
    (event,) = events(send(1, "Visit", headers=asked, reply_headers=answered, **refused))
    assert event.request is not None
    assert event.reply is not None
    assert dict(event.request.headers) == {name: asked[name] for name in ("authorization", "content-type")}
    assert dict(event.reply.headers) == {name: answered[name] for name in ("location", "retry-after")}
    assert (event.status, event.fault, event.acted) == (429, "throttle", False)
    assert json.loads(event.request.body)["text"] == "Visit"


def test_a_call_without_an_answer_has_no_reply() -> None:
    (event,) = events(send(1, "Visit", status=None))
    assert (event.status, event.reply) == (None, None)


def test_long_bodies_are_cut_with_an_ellipsis_and_their_length_unless_all_is_asked_for() -> None:
    long = send(1, "x", body="x" * 5000)
    (event,) = events(long)
    assert event.request is not None
    assert event.request.body == "x" * 2000 + "… (5000 characters)"
    (full,) = ladder(Scene(History(calls=(long,)), NAMES, longest=None))
    assert full.request is not None
    assert full.request.body == "x" * 5000


def test_a_call_to_another_origin_says_so() -> None:
    (event,) = events(call(1, service="elsewhere", path="/elsewhere/api/sms", status=503))
    assert (event.title, event.target) == ("POST /elsewhere/api/sms (another origin)", Party.CHT)


@pytest.mark.parametrize("many", [FEW, FEW + 1, 60])
def test_many_like_events_at_once_are_one(many: int) -> None:
    found = events(outgoing_texts=tuple(pending(n, at(0)) for n in range(many)))
    assert [one.count for one in found] == ([1] * many if many <= FEW else [many])


def test_what_the_verdict_rests_on_is_never_folded_away() -> None:
    scene = Scene(History(calls=tuple(map(poll, range(1, 10)))), NAMES, decisive=frozenset({("call", 5)}))
    assert [(one.seq, one.count, one.decisive) for one in ladder(scene)] == [(1, 4, False), (5, 1, True), (6, 4, False)]


STATUSES = st.sampled_from([201, 503, None])
CALLS = st.one_of(
    st.sampled_from([poll(0), look_up(0)]),
    st.builds(lambda text, status: send(0, text, status=status), st.sampled_from("ab"), STATUSES),
    st.builds(lambda word: told(0, "u", word), st.sampled_from(["SENT", "DELIVERED"])),
    st.builds(lambda id_: webhook(0, id_, "I am ill"), st.sampled_from(["run-1", "run-2"])),
)


@given(st.lists(st.tuples(CALLS, st.integers(0, 3)), max_size=30), st.sets(st.integers(1, 30)), st.integers(0, 12))
def test_in_order_of_time_and_only_empty_polls_and_repetitions_disappear(
    drawn: list[tuple[Call, int]], marked: set[int], texts: int
) -> None:
    seconds, calls = 0, []
    for seq, (one, pause) in enumerate(drawn, 1):
        seconds += pause
        calls.append(replace(one, seq=seq, at=at(seconds)))
    states = tuple(pending(n, at(n)) for n in range(texts))
    scene = Scene(
        History(calls=tuple(calls), outgoing_texts=states), NAMES, decisive=frozenset(("call", seq) for seq in marked)
    )
    entries, folded = all_entries(scene), ladder(scene)
    assert all(one.at <= later.at for one, later in pairwise(folded))
    assert sum(event.count for event in folded) == len(entries) == len(calls) + texts
    alone = {event.seq for event in folded if event.count == 1}
    answers: dict[tuple[str, str, str], tuple[object, ...]] = {}
    for one in calls:
        asked, answered = (one.method, one.path, one.body), (one.status, one.reply_body)
        is_news = not is_empty_poll(one) and answers.get(asked) != answered
        answers[asked] = answered
        if is_news or one.seq in marked:
            assert one.seq in alone
    assert {event.seq for event in folded if event.decisive} == marked & {one.seq for one in calls}
    assert [event.seq for event in ladder(scene, fold=False)] == [entry.event.seq for entry in entries]


@given(st.integers(0, 400), st.sets(st.integers(0, 399), max_size=40), st.integers(20, 60))
def test_a_long_ladder_keeps_what_is_decisive_and_says_how_much_was_left_out(
    count: int, marked: set[int], most: int
) -> None:
    long = tuple(
        Event(at(n).isoformat(), Party.RELAY, Party.CHT, str(n), decisive=n in marked, seq=n) for n in range(count)
    )
    kept = shortest(long, most)
    assert len(kept) + sum(event.omitted for event in kept) == count
    assert list(kept) == sorted(kept, key=lambda one: one.at)
    decisive = sorted(marked & set(range(count)))
    assert set(decisive[:FEW]) | set(decisive[-FEW:]) <= {event.seq for event in kept}
    assert len(kept) <= max(count if count <= most else 0, most + 2 * FEW * 9)
    twice = shortest(kept, most // 2)
    assert len(twice) + sum(event.omitted for event in twice) == count
