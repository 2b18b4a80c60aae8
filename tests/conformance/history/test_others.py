"""What others did, and what the relay did, from the bodies, users and tokens of calls."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from conformance.history.model import Call, History, IncomingText, Message, Outcome, OutgoingText, StoredReport
from conformance.history.others import (
    accepted_without_message,
    calls_to_cht,
    changed_in_cht,
    chosen_by_rapidpro,
    confirmed,
    entries,
    handed_out,
    is_answer,
    own_reports,
    parsed,
    sends,
    times_handed_out,
    was_failed,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
AMINA, YUSUF = "+250788200001", "+250788200002"
ANSWER = '{"messages":[]}'


def user(name: str) -> dict[str, str]:
    return {"authorization": f"Basic {name}:[hidden:cht:password of {name}]"}


def to_cht(body: Any = "", **changes: Any) -> Call:
    """A call of the relay to CHT's gateway API."""
    text = body if isinstance(body, str) else json.dumps(body)
    usual = Call(1, NOON, "cht", "in", "POST", "/api/sms", 200, user("gateway"), body=text, reply_body=ANSWER)
    return replace(usual, **changes)


def hands(*rows: tuple[Any, str, str], **changes: Any) -> Call:
    """The relay hands over texts: (id, number, words)."""
    messages = [{"id": id_, "from": number, "content": words} for id_, number, words in rows]
    return to_cht({"messages": messages}, **changes)


def hands_out(*rows: tuple[str, str, str], **changes: Any) -> Call:
    """CHT hands out texts: (id, number, words)."""
    messages = [{"id": id_, "to": number, "content": words} for id_, number, words in rows]
    return to_cht("{}", **{"reply_body": json.dumps({"messages": messages}), **changes})


def to_rapidpro(body: Any = None, **changes: Any) -> Call:
    """The relay has RapidPro send `hello` to Yusuf."""
    sent = json.dumps({"urns": [f"tel:{YUSUF}"], "text": {"eng": "hello"}} if body is None else body)
    token = {"authorization": "Token [hidden:rapidpro:relay]"}
    return replace(Call(1, NOON, "rapidpro", "in", "POST", "/api/v2/broadcasts.json", 201, token, body=sent), **changes)


def text(words: str = "hello", uuid: str = "u-1") -> OutgoingText:
    return OutgoingText(uuid, YUSUF, words, "sent")


def message(words: str = "hello", id_: int = 8001, number: str = YUSUF) -> Message:
    return Message(id_, number, words, "sent", NOON)


# --- bodies


def test_a_body_that_is_no_json_is_nothing() -> None:
    assert parsed('{"a": [1]}') == {"a": [1]}
    assert parsed("<html>") is None
    assert parsed("") is None


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ('{"updates": [{"id": "a"}, {"id": "b"}]}', [{"id": "a"}, {"id": "b"}]),
        ('{"updates": [{"id": "a"}, 7, null, "b", ["id"]]}', [{"id": "a"}]),
        ('{"updates": {"id": "a"}}', []),
        ('{"updates": null, "messages": [{"id": "a"}]}', []),
        ('[{"updates": [{"id": "a"}]}]', []),
        ("<html>", []),
    ],
)
def test_only_objects_in_the_list_of_that_name_are_entries(body: str, rows: list[dict[str, str]]) -> None:
    assert entries(body, "updates") == rows


@pytest.mark.parametrize(
    ("body", "answer"),
    [(ANSWER, True), ('{"messages":[{"id":"u-1"}]}', True), ('{"messages":{}}', False), ("[]", False), ("", False)],
)
def test_an_answer_of_the_gateway_api_has_a_list_of_messages(body: str, answer: bool) -> None:
    assert is_answer(body) is answer


# --- calls


@pytest.mark.parametrize(
    ("changes", "by_relay"),
    [
        ({}, True),
        ({"path": "/api/v2/records"}, True),
        ({"headers": {}}, True),  # nobody says who it is: then it may be the relay
        ({"headers": user("phone-2")}, False),
        ({"headers": {"authorization": "Basic gateway"}}, True),
        ({"method": "GET"}, False),
        ({"direction": "out"}, False),
        ({"service": "rapidpro"}, False),
    ],
)
def test_calls_of_the_relay_to_cht_are_those_of_its_user(changes: dict[str, Any], by_relay: bool) -> None:
    call = to_cht(**changes)
    assert list(calls_to_cht(History(calls=(call,)))) == ([call] if by_relay else [])


@pytest.mark.parametrize(
    ("changes", "sent"),
    [
        ({}, True),
        ({"status": 200}, True),
        ({"status": None}, True),  # the answer was lost
        ({"status": None, "acted": False}, False),
        ({"acted": False}, False),
        ({"status": 300}, False),
        ({"status": 400}, False),
        ({"headers": {"authorization": "Token [hidden:rapidpro:relay, before 1]"}}, True),
        ({"headers": {"authorization": "Token [hidden:rapidpro:dashboard]"}}, False),
        ({"headers": {}}, False),
        ({"method": "GET"}, False),
        ({"direction": "out"}, False),
        ({"service": "cht"}, False),
    ],
)
def test_the_relay_sends_by_requests_with_its_token_that_rapidpro_accepts(changes: dict[str, Any], sent: bool) -> None:
    call = to_rapidpro(**changes)
    assert list(sends(History(calls=(call,)))) == ([call] if sent else [])


# --- reports in CHT


def stored(ref: str, words: str = "I am ill") -> StoredReport:
    return StoredReport(AMINA, words, ref)


@pytest.mark.parametrize(
    ("report", "calls", "own"),
    [
        # With an id: a gateway stored it. It was the relay's if the id was sent to it, or is in one of its calls.
        (stored("run-1"), (), True),
        (stored("run-9"), (), True),  # nobody calls the gateway API: CHT is the relay itself
        (stored("run-9"), (hands(("run-1", AMINA, "I am ill")),), False),
        (stored("run-9"), (hands(("run-1", AMINA, "x")), hands(("run-9", AMINA, "x"))), True),
        (stored("run-1"), (hands(("run-9", AMINA, "x")),), True),
        (stored("run-9"), (hands(("run-9", AMINA, "x"), headers=user("phone-2")),), True),
        (
            stored("run-9"),
            (hands(("run-1", AMINA, "x")), hands(("run-9", AMINA, "x"), headers=user("phone-2"))),
            False,
        ),
        (stored("run-9"), (hands(("run-1", AMINA, "x")), to_cht("run-9 and more")), True),
        (stored("run-9"), (hands(("run-99", AMINA, "x")),), False),
        (stored("9"), (hands((9, AMINA, "x")),), True),
        (stored("run-9"), (hands(("run-1", AMINA, "x")), to_cht({"id": "run-9"}, path="/api/v2/records")), False),
        # Without an id: it came by another interface, with its words.
        (stored(""), (), False),
        (stored(""), (hands(("run-1", AMINA, "I am ill")),), False),
        (stored(""), (to_cht({"message": "I am ill"}, path="/api/v2/records"),), True),
        (stored(""), (to_cht({"docs": [{"sms": ["I am ill"]}]}, path="/medic/_bulk_docs"),), True),
        (stored(""), (to_cht("message=I am ill", path="/api/v2/records"),), True),
        (stored(""), (to_cht({"message": "I am ill too"}, path="/api/v2/records"),), False),
        (stored(""), (to_cht({"I am ill": None}, path="/api/v2/records"),), False),
        (stored(""), (to_cht({"message": "I am ill"}, path="/api/v2/records", headers=user("nurse")),), False),
    ],
)
def test_a_report_is_the_relays_if_a_call_of_the_relay_brought_it(
    report: StoredReport, calls: tuple[Call, ...], own: bool
) -> None:
    sent = IncomingText("run-1", AMINA, "I am ill", Outcome.OK, NOON)
    history = History(incoming_texts=(sent,), reports=(report, stored("run-1")), calls=calls)
    assert own_reports(history) == ([report, stored("run-1")] if own else [stored("run-1")])


@pytest.mark.parametrize(
    ("calls", "count"),
    [
        ((hands(("run-1", AMINA, "I am ill")),), 1),
        ((hands(("run-1", AMINA, "I am ill"), ("run-2", AMINA, "I am ill")),), 2),
        ((hands(("run-1", AMINA, "I am ill")), hands(("run-1", AMINA, "I am ill"))), 1),
        ((hands(("run-1", AMINA, "I am ill")), hands(("run-1", AMINA, "I am"))), 0),
        ((hands(("run-1", AMINA, "I am")),), 0),
        ((hands(("run-1", YUSUF, "I am ill")),), 0),
        ((hands(("run-3", AMINA, "I am ill")),), 0),  # CHT still has a text under this id
        ((hands(("run-1", AMINA, "I am ill"), status=502),), 0),
        ((hands(("run-1", AMINA, "I am ill"), status=201),), 0),
        ((hands(("run-1", AMINA, "I am ill"), fault="garble#1"),), 0),
        ((hands(("run-1", AMINA, "I am ill"), reply_body="<html>"),), 0),
        ((hands(("run-1", AMINA, "I am ill"), path="/api/v2/records"),), 0),
        ((hands(("run-1", AMINA, "I am ill"), headers=user("phone-2")),), 0),
        ((hands(("run-1", AMINA, "I am"), status=502), hands(("run-1", AMINA, "I am ill"))), 1),
    ],
)
def test_confirmed_texts_that_cht_no_longer_has_are_counted_by_their_ids(calls: tuple[Call, ...], count: int) -> None:
    assert confirmed(History(calls=calls, refs=frozenset({"run-3"})), AMINA, "I am ill") == count


# --- texts that CHT hands out


def test_what_cht_handed_out_is_kept_by_id_with_all_its_words() -> None:
    calls = (
        hands_out(("u-1", YUSUF, "hello"), ("u-2", AMINA, " hello\n")),
        hands_out(("u-1", YUSUF, "new words")),
        hands_out(("u-3", YUSUF, "hello"), status=502),
        hands_out(("u-3", YUSUF, "hello"), path="/api/v2/records"),
        hands_out(("u-3", YUSUF, "hello"), service="rapidpro"),
    )
    history = History(calls=calls)
    assert handed_out(history) == {"u-1": {(YUSUF, "hello"), (YUSUF, "new words")}, "u-2": {(AMINA, "hello")}}
    assert times_handed_out(history, YUSUF, "hello") == 1
    assert times_handed_out(history, AMINA, "new words") == 0
    again = History(calls=(*calls, hands_out(("u-4", YUSUF, "hello"))))
    assert times_handed_out(again, YUSUF, "hello") == 2


@pytest.mark.parametrize(
    ("calls", "changed"),
    [
        ((), False),
        ((hands_out(("u-1", YUSUF, "hello")),), False),
        ((hands_out(("u-1", YUSUF, "old words")), hands_out(("u-1", YUSUF, "hello"))), True),
        ((hands_out(("u-1", AMINA, "hello")),), True),
        ((hands_out(("u-2", YUSUF, "old words")),), False),
    ],
)
def test_a_text_was_changed_if_cht_handed_it_out_with_other_words_or_to_another_number(
    calls: tuple[Call, ...], changed: bool
) -> None:
    assert changed_in_cht(History(calls=calls), text()) is changed


# --- texts that RapidPro accepted


@pytest.mark.parametrize(
    ("calls", "messages", "without"),
    [
        ((to_rapidpro(),), (), True),
        ((to_rapidpro(),), (message(),), False),
        ((to_rapidpro(),), (message("other"), message(number=AMINA)), True),
        ((), (), False),
        ((to_rapidpro({"urns": [f"tel:{AMINA}"], "text": "hello"}),), (), False),
        ((to_rapidpro({"urns": [f"tel:{YUSUF}"], "text": "other"}),), (), False),
        ((to_rapidpro({"urns": [f"tel:{YUSUF}"], "text": " hello "}),), (), True),
        ((to_rapidpro(status=400), to_rapidpro({"to": [YUSUF], "messages": [{"text": "hello"}]})), (), True),
    ],
)
def test_rapidpro_may_accept_a_text_and_make_no_message_of_it(
    calls: tuple[Call, ...], messages: tuple[Message, ...], without: bool
) -> None:
    assert accepted_without_message(History(calls=calls, messages=messages), text()) is without


@pytest.mark.parametrize(
    ("sent", "words", "same"),
    [
        ("a@@b", "a@b", True),
        ("a@b", "a@b", True),
        (" a@@b\n", "a@b", True),
        ("a@@b", "a@@b", True),
        ("a@b", "a@@b", False),
    ],
)
def test_words_are_the_same_with_a_doubled_at_sign(sent: str, words: str, same: bool) -> None:
    call = to_rapidpro({"urns": [f"tel:{YUSUF}"], "text": {"eng": sent}})
    assert accepted_without_message(History(calls=(call,)), text(words)) is same


TO_AMINA = {"urns": [f"tel:{AMINA}"], "text": "hello"}


@pytest.mark.parametrize(
    ("calls", "chosen"),
    [
        ((to_rapidpro(TO_AMINA),), True),
        ((to_rapidpro(TO_AMINA), to_rapidpro({"urns": [f"tel:{YUSUF}"], "text": "other"})), False),
        ((to_rapidpro({"urns": [f"tel:{AMINA}"], "text": "other"}), to_rapidpro(TO_AMINA)), True),
        ((to_rapidpro({"urns": [f"tel:{AMINA}"], "text": "other"}),), False),
        ((to_rapidpro({"urns": [f"tel:0{YUSUF[4:]}"], "text": "hello"}),), False),
        ((to_rapidpro({"urns": [f"tel:+250791{YUSUF[7:]}"], "text": "hello"}),), True),
        ((to_rapidpro({"contacts": ["c-1"], "text": "hello"}),), False),
        ((to_rapidpro(TO_AMINA, status=400),), False),
        ((), False),
    ],
)
def test_rapidpro_chose_the_number_if_the_relay_had_the_words_sent_but_never_to_it(
    calls: tuple[Call, ...], chosen: bool
) -> None:
    assert chosen_by_rapidpro(History(calls=calls), YUSUF, "hello") is chosen


def says(*rows: tuple[int, str], **changes: Any) -> Call:
    """RapidPro tells the relay statuses: (id, status)."""
    body = json.dumps({"results": [{"id": id_, "status": status} for id_, status in rows]})
    return to_rapidpro(**{"method": "GET", "status": 200, "reply_body": body, **changes})


@pytest.mark.parametrize(
    ("calls", "failed"),
    [
        ((says((8001, "failed")),), True),
        ((says((8000, "sent"), (8001, "failed")), says((8001, "delivered"))), True),
        ((says((8001, "errored")),), False),
        ((says((8002, "failed"), (8003, "failed"), (8009, "failed")),), False),
        ((says((8001, "failed"), status=502),), False),
        ((says((8001, "failed"), method="POST"),), False),
        ((says((8001, "failed"), service="cht"),), False),
        ((), False),
    ],
)
def test_a_text_was_failed_if_rapidpro_once_said_so_of_its_message(calls: tuple[Call, ...], failed: bool) -> None:
    messages = (message(), message("other", 8002), message(number=AMINA, id_=8003))
    assert was_failed(History(calls=calls, messages=messages), text()) is failed
