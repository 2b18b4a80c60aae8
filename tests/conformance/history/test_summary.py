"""What a failure shows of its history: texts and the last informative calls, in few lines and with people's names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from conformance.history.model import Arrival, Call, History, OutgoingText
from conformance.history.summary import LAST_CALLS, MOST_LINES, summarize
from conformance.world.people import Person

AT = datetime(2026, 5, 4, 9, 0, 1, 250_000, tzinfo=UTC)
AMINA = Person("Amina", "+250788200001")


def call(**given: Any) -> Call:
    shape = {"seq": 900, "at": AT, "service": "rapidpro", "direction": "in", "method": "POST", "status": 201}
    return Call(**{**shape, "path": "/api/v2/broadcasts.json", **given})


def poll(body: str = '{"messages":[]}', **given: Any) -> Call:
    return call(**{"service": "cht", "path": "/api/sms", "status": 200, "body": body, **given})


def lines(*calls: Call) -> list[str]:
    return summarize(History(calls=calls), [AMINA]).splitlines()


def test_an_empty_history_is_shown_as_nothing() -> None:
    assert lines() == ["What happened:", "  nothing"]


def test_texts_are_shown_with_the_names_of_people() -> None:
    text = OutgoingText(
        uuid="u", number=AMINA.number, text="Visit", state="sent", states=(("pending", AT), ("sent", AT))
    )
    shown = summarize(History(outgoing_texts=(text,), arrivals=(Arrival(AMINA.number, "Visit", AT),)), [AMINA])
    assert shown.splitlines()[1:] == [
        "  Amina: 'Visit' is sent in CHT (pending > sent)",
        "  Amina received 'Visit'",
        "The relay made no call: does it get the addresses of its neighbours, and does it poll CHT?",
    ]


def test_a_long_history_says_how_many_lines_were_left_out() -> None:
    arrivals = tuple(Arrival(AMINA.number, str(number), AT) for number in range(MOST_LINES + 3))
    assert summarize(History(arrivals=arrivals), [AMINA]).splitlines()[-1] == "  and 3 more"


def test_a_call_is_shown_with_its_place_its_body_and_how_it_ended() -> None:
    shown = lines(poll(), call(body='{"text":"Visit"}'), call(status=None, fault="lose_reply#7"))
    assert shown[2:] == [
        "The last calls (Amina has +250788200001):",
        '  #2 09:00:01.250 rapidpro POST /api/v2/broadcasts.json {"text":"Visit"}: 201',
        "  #3 09:00:01.250 rapidpro POST /api/v2/broadcasts.json: no answer, fault lose_reply (it acted)",
    ]


def test_calls_of_a_service_are_distinguished_from_calls_to_it() -> None:
    (line,) = lines(call(direction="out", path="/sms/incoming", status=200, fault="reset#1", acted=False))[3:]
    assert line == "  #1 09:00:01.250 rapidpro calls POST /sms/incoming: 200, fault reset (it did not act)"


def test_only_informative_polls_are_shown() -> None:
    assert lines(poll(), call(service="cht", path="/medic/doc")) == ["What happened:", "  nothing"]
    informative = [
        poll('{"messages":[{"id":"a"}]}'),
        poll('{"updates":[{"x":1}]}'),
        poll(status=502),
        poll(fault="reset#1"),
    ]
    assert len(lines(poll(), *informative)) == 3 + len(informative)


def test_the_last_calls_are_few() -> None:
    shown = lines(*(call(query=f"n={number}") for number in range(LAST_CALLS + 5)))[3:]
    assert len(shown) == LAST_CALLS
    assert "?n=16:" in shown[-1]
