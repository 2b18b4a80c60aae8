"""The checks on handwritten histories: each finds its violation, and nothing in a correct history."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from conformance.checks import ALL, UnknownCheck, judge, names
from conformance.checks.figures import calls_by_kind, calls_per_text, seconds_to_phone
from conformance.history.model import Arrival, Call, History, IncomingText, Message, Outcome, OutgoingText, StoredReport

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
AMINA, YUSUF = "+250788200001", "+250788200002"


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def text_in(outcome: Outcome = Outcome.OK, id_: str = "run-1", text: str = "I am ill") -> IncomingText:
    return IncomingText(id_, AMINA, text, outcome, at(0))


def due(
    state: str = "delivered", text: str = "hello", number: str = YUSUF, since: float = 0, *way: str
) -> OutgoingText:
    passed = way or ("pending", "forwarded-to-gateway", "received-by-gateway", "sent", "delivered")
    states = tuple((word, at(since + place)) for place, word in enumerate(passed))
    return OutgoingText("u-1", number, text, state, at(since), states)


def arrival(text: str = "hello", number: str = YUSUF, message: int | None = 8001, seconds: float = 60) -> Arrival:
    return Arrival(number, text, at(seconds), message)


def sent(
    status: str = "delivered", text: str = "hello", number: str = YUSUF, id_: int = 8001, seconds: float = 10
) -> Message:
    return Message(id_, number, text, status, at(seconds))


def call(seconds: float, status: int | None = 201, **changes: object) -> Call:
    usual = Call(1, at(seconds), "rapidpro", "in", "POST", "/api/v2/broadcasts.json", status)
    return replace(usual, **changes)  # type: ignore[arg-type]  # fields by name


def told(seconds: float, *words: str) -> Call:
    """The relay reports these states of the text `u-1` to CHT."""
    body = json.dumps({"updates": [{"id": "u-1", "status": word} for word in words]})
    return call(seconds, 200, service="cht", path="/api/sms", body=body)


def hands_over(status: int | None, fault: str | None = None) -> Call:
    """The relay hands the text `run-1` to CHT."""
    body = json.dumps({"messages": [{"id": "run-1"}]})
    return call(5, status, service="cht", path="/api/sms", body=body, fault=fault)


BACK_TO_SENT = due("delivered", "hello", YUSUF, 0, "pending", "sent", "delivered", "sent", "delivered")
TAKEN_BACK = due(
    "forwarded-to-gateway", "hello", YUSUF, 0, "pending", "sent", "delivered", "pending", "forwarded-to-gateway"
)

RIGHT = History(
    incoming_texts=(text_in(),),
    reports=(StoredReport(AMINA, "I am ill", "run-1"),),
    outgoing_texts=(due(),),
    arrivals=(arrival(),),
    messages=(sent(),),
    calls=(call(5, headers={"authorization": "Token [hidden:rapidpro:relay]"}),),
)

SURPRISE = replace(RIGHT, arrivals=(arrival(), arrival("surprise", message=8002)))


WRONG: dict[str, tuple[History, ...]] = {
    "incoming_lost": (
        replace(RIGHT, reports=()),
        replace(RIGHT, reports=(StoredReport(AMINA, "I am", "run-1"),)),
        replace(RIGHT, incoming_texts=(text_in(), text_in(id_="run-2"))),
        replace(RIGHT, incoming_texts=(text_in(), text_in(text="other words under the same id"))),
    ),
    "incoming_duplicated": (
        replace(RIGHT, reports=RIGHT.reports * 2),
        replace(RIGHT, incoming_texts=(text_in(Outcome.UNKNOWN), text_in()), reports=RIGHT.reports * 2),
    ),
    "incoming_from_nowhere": (replace(RIGHT, reports=(*RIGHT.reports, StoredReport(YUSUF, "I am ill", "run-1"))),),
    "refused_although_stored": (
        replace(RIGHT, incoming_texts=(text_in(Outcome.REFUSED),)),
        replace(RIGHT, incoming_texts=(text_in(Outcome.REFUSED),), calls=(hands_over(None), hands_over(200))),
        replace(RIGHT, incoming_texts=(text_in(Outcome.REFUSED),), calls=(replace(hands_over(None), body="other"),)),
    ),
    "outgoing_lost": (
        replace(RIGHT, arrivals=(), messages=()),
        replace(RIGHT, arrivals=(), messages=(sent("failed"),)),
        replace(RIGHT, outgoing_texts=(due(), due())),
        replace(RIGHT, arrivals=(arrival("Hello"),), messages=(sent(text="Hello"),)),
    ),
    "outgoing_duplicated": (replace(RIGHT, arrivals=(arrival(), arrival(message=8002))),),
    "outgoing_from_nowhere": (
        SURPRISE,
        replace(SURPRISE, others=frozenset({8001})),
    ),
    "given_up_without_cause": (
        replace(
            RIGHT, outgoing_texts=(due("failed", "hello", YUSUF, 0, "pending", "failed"),), messages=(), arrivals=()
        ),
    ),
    "reordered": (
        replace(
            RIGHT,
            outgoing_texts=(due(), due(text="second", since=30)),
            messages=(sent(seconds=50, id_=8002), sent(text="second", seconds=40)),
        ),
    ),
    "state_regressed": (
        replace(
            RIGHT, outgoing_texts=(due("delivered", "hello", YUSUF, 0, "pending", "delivered", "sent", "delivered"),)
        ),
        replace(RIGHT, outgoing_texts=(due("failed", "hello", YUSUF, 0, "pending", "delivered", "failed"),)),
        replace(RIGHT, outgoing_texts=(BACK_TO_SENT,), calls=(told(2, "SENT", "DELIVERED"), told(3, "SENT"))),
    ),
    "state_wrong": (
        replace(RIGHT, outgoing_texts=(due("sent"), due("cleared", "hello", YUSUF, 0, "pending", "cleared"))),
        replace(RIGHT, outgoing_texts=(due("sent"),)),
        replace(RIGHT, outgoing_texts=(due("sent", "hello", YUSUF, 0, "pending", "sent"),), messages=(sent("failed"),)),
        replace(RIGHT, outgoing_texts=(due("received-by-gateway"),)),
        replace(RIGHT, outgoing_texts=(due("forwarded-to-gateway"),), messages=(sent("queued"),)),
    ),
    "called_while_throttled": (
        replace(RIGHT, calls=(call(0, 429, reply_headers={"retry-after": "60"}), call(30))),
        replace(RIGHT, calls=(call(0, 429, reply_headers={"retry-after": "60"}), call(59, 429))),
    ),
    "secret_leaked": (
        replace(RIGHT, calls=(call(5, body="[hidden:rapidpro:relay]"),)),
        replace(RIGHT, calls=(call(5, query="token=[hidden:rapidpro:relay]"),)),
        replace(RIGHT, calls=(call(5, headers={"x-debug": "[hidden:rapidpro:relay]"}),)),
        replace(RIGHT, calls=(call(5, headers={"authorization": "Basic gateway:[hidden:cht:password of gateway]"}),)),
        replace(RIGHT, calls=(call(5, path="/api/v2/[hidden:rapidpro:relay].json"),)),
        replace(RIGHT, calls=(call(5, 403, direction="out", reply_body="not [hidden:relay:incoming token]"),)),
        replace(RIGHT, calls=(call(5, direction="out", reply_headers={"x-debug": "[hidden:rapidpro:relay]"}),)),
        replace(RIGHT, output=("GET /api/v2/messages.json with Token [hidden:rapidpro:relay]",)),
    ),
    "needless_call": (
        replace(RIGHT, calls=(call(5, 405, unexpected="RapidPro 26 has no such method"),)),
        replace(RIGHT, calls=(call(5, path="/api/v2/contacts.json"),)),
        replace(RIGHT, calls=(call(5, path="/api/v3/broadcasts.json"),)),
        replace(RIGHT, calls=(call(5, service="cht", method="GET", path="/medic/_all_docs"),)),
    ),
}


def test_nothing_is_found_in_a_history_that_is_right() -> None:
    assert judge(RIGHT) == []


def test_nothing_is_found_where_nothing_happened() -> None:
    assert judge(History()) == []


def test_every_check_is_seen_failing_here() -> None:
    assert set(WRONG) == set(names())


@pytest.mark.parametrize(
    ("check", "history"), [(check, history) for check, histories in WRONG.items() for history in histories]
)
def test_a_check_finds_what_it_is_for(check: str, history: History) -> None:
    assert check in {violation.check for violation in judge(history)}


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.__name__)
def test_a_violation_names_its_check_and_says_a_sentence(check: object) -> None:
    name = getattr(check, "__name__", "")
    found = [violation for violation in judge(WRONG[name][0]) if violation.check == name]
    assert all(violation.kind and len(violation.sentence) > 10 for violation in found)


@pytest.mark.parametrize(
    "history",
    [
        # A refused text that nobody has: the sender knows.
        replace(RIGHT, incoming_texts=(text_in(Outcome.REFUSED),), reports=()),
        # An unknown outcome may be either.
        replace(RIGHT, incoming_texts=(text_in(Outcome.UNKNOWN),), reports=()),
        replace(RIGHT, incoming_texts=(text_in(Outcome.UNKNOWN),)),
        # The same text under one id twice is one text.
        replace(RIGHT, incoming_texts=(text_in(), text_in())),
        # RapidPro itself repeats a message after a late error report.
        replace(RIGHT, arrivals=(arrival(), arrival(seconds=90))),
        # CHT keeps some texts back.
        replace(RIGHT, outgoing_texts=(due("muted"),), arrivals=(), messages=()),
        # Failed for good, and RapidPro says so.
        replace(RIGHT, outgoing_texts=(due("failed", "hello", YUSUF, 0, "pending", "failed"),),
                messages=(sent("failed"),), arrivals=()),
        # Refused by RapidPro.
        replace(RIGHT, outgoing_texts=(due("failed", "hello", YUSUF, 0, "pending", "failed"),), messages=(),
                arrivals=(), calls=(call(5, 400, body=YUSUF),)),
        # RapidPro revives failed messages.
        replace(RIGHT, outgoing_texts=(due("delivered", "hello", YUSUF, 0, "pending", "failed", "delivered"),)),
        # What RapidPro's own flow says.
        replace(RIGHT, arrivals=(arrival(), arrival("not received", AMINA, 8002)),
                flow_replies=((AMINA, "not received"),)),
        # At its time, and under another quota.
        replace(RIGHT, calls=(call(0, 429, reply_headers={"retry-after": "60"}), call(60.5),
                              call(1, 200, method="GET", path="/api/v2/messages.json"))),
        # One of two equal tasks is kept back by CHT, before it was sent or after.
        *(replace(RIGHT, outgoing_texts=(due(), due(word, "hello", YUSUF, 0, "pending", word)))
          for word in ("cleared", "duplicate", "muted", "denied", "scheduled")),
        *(replace(RIGHT, outgoing_texts=(due(), due(word, "hello", YUSUF, 0, "pending", "sent", word)),
                  messages=(sent("sent"), sent(id_=8002)), arrivals=(arrival(), arrival(message=8002)))
          for word in ("cleared", "muted")),
        # CHT itself makes a delivered task wait again; it may stay there, or be handed out and reported once more.
        replace(RIGHT, outgoing_texts=(TAKEN_BACK,), calls=(told(2, "SENT", "DELIVERED"),)),
        replace(RIGHT, outgoing_texts=(due("pending", "hello", YUSUF, 0, "pending", "delivered", "pending"),)),
        replace(RIGHT, outgoing_texts=(BACK_TO_SENT,), calls=(told(2, "SENT", "DELIVERED"),)),
        # The aggregator says delivered, or RapidPro still has the text, and the phone got nothing.
        replace(RIGHT, arrivals=()),
        replace(RIGHT, arrivals=(), messages=(sent("wired"),),
                outgoing_texts=(due("forwarded-by-gateway", "hello", YUSUF, 0, "pending", "forwarded-by-gateway"),)),
        # CHT has stored the text, but the relay was never told: it may refuse the text.
        *(replace(RIGHT, incoming_texts=(text_in(Outcome.REFUSED),), calls=calls) for calls in (
            (hands_over(None, "lose_reply#1"),), (hands_over(200, "garble#1"), hands_over(502)))),
        # Somebody else in the workspace sends a text: another one, or the same.
        replace(SURPRISE, others=frozenset({8002})),
        replace(RIGHT, arrivals=(arrival(), arrival(message=8002)), others=frozenset({8002})),
        # A word that contains the administrator's password, which no relay knows.
        replace(RIGHT, calls=(call(5, body="the exam is [hidden:cht:password of admin]ed"),)),
        # What RapidPro sends is not the subject's, and what is answered to CHT's own calls is not either.
        replace(RIGHT, calls=(call(5, direction="out", body="[hidden:rapidpro:relay]"),)),
        replace(RIGHT, calls=(call(5, service="cht", direction="out", reply_body="[hidden:rapidpro:relay]"),)),
    ],
)  # fmt: skip
def test_what_is_not_the_subjects_fault_is_no_violation(history: History) -> None:
    assert judge(history) == []


def test_a_check_can_be_left_out_and_only_by_its_name() -> None:
    assert judge(replace(RIGHT, arrivals=(), messages=()), without=("outgoing_lost",)) == []
    with pytest.raises(UnknownCheck, match="unknown check lost; known: incoming_lost"):
        judge(RIGHT, without=("lost",))


def test_figures_count_calls_and_seconds_per_text() -> None:
    assert calls_per_text(replace(RIGHT, calls=(call(1), call(2), call(3, service="cht")))) == 2
    assert calls_per_text(History(calls=(call(1),))) == 1


def test_requests_are_counted_by_kind() -> None:
    made = History(calls=(call(1, path="/b"), call(2, path="/a"), call(3, path="/a"), call(4, service="cht")))
    assert calls_by_kind(made, "rapidpro") == "2 POST /a, 1 POST /b"
    assert seconds_to_phone(RIGHT) == [60]
    assert seconds_to_phone(replace(RIGHT, outgoing_texts=(due(), due(since=10)), arrivals=(arrival(), arrival()))) == [
        60,
        50,
    ]
