"""Whose deed it was, on handwritten histories: each row has one without blame, and one that differs in the doer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from conformance.checks import judge
from conformance.history.model import Call, History, Outcome, OutgoingText, StoredReport
from tests.conformance.checks.test_checks import AMINA, RIGHT, YUSUF, arrival, at, call, due, sent, told

GATEWAY = {"authorization": "Basic gateway:[hidden:cht:password of gateway]"}
OTHER = {"authorization": "Basic phone-2:[hidden:cht:password of phone-2]"}
RELAY = {"authorization": "Token [hidden:rapidpro:relay]"}
LATE = replace(RIGHT.incoming_texts[0], outcome=Outcome.REFUSED)


def hands(id_: str, content: str = "I am ill", who: Mapping[str, str] = GATEWAY, **changes: Any) -> Call:
    """Somebody hands a text of Amina to CHT over the gateway API, and CHT answers."""
    body = json.dumps({"messages": [{"id": id_, "from": AMINA, "content": content}]})
    made = call(5, 200, service="cht", path="/api/sms", body=body, headers=who, reply_body='{"messages":[]}')
    return replace(made, **changes)


def gets(id_: str, text: str, number: str = YUSUF) -> Call:
    """The relay fetches a text from CHT."""
    reply = json.dumps({"messages": [{"id": id_, "to": number, "content": text}]})
    return call(1, 200, service="cht", path="/api/sms", body="{}", headers=GATEWAY, reply_body=reply)


def sends(text: str = "hello", number: str = YUSUF, **changes: Any) -> Call:
    """The relay has a text sent."""
    body = json.dumps({"urns": [f"tel:{number}"], "text": {"eng": text}})
    return replace(call(5, 201, headers=RELAY, body=body), **changes)


def says(status: str, id_: int = 8001) -> Call:
    """RapidPro tells the relay the status of a message."""
    reply = json.dumps({"results": [{"id": id_, "status": status}]})
    return call(20, 200, method="GET", path="/api/v2/messages.json", headers=RELAY, reply_body=reply)


def failed(text: str = "hello", number: str = YUSUF, *way: str) -> OutgoingText:
    return due("failed", text, number, 0, *(way or ("pending", "failed")))


def report(ref: str, text: str = "I am ill", number: str = AMINA) -> StoredReport:
    return StoredReport(number, text, ref)


OWN = report("run-1")
UNSENT = replace(RIGHT, messages=(), arrivals=())
CHANGED = replace(UNSENT, outgoing_texts=(due(text="new words"),))
WAITS = due("received-by-gateway", "hello", YUSUF, 0, "pending", "received-by-gateway")
REVIVED = replace(RIGHT, outgoing_texts=(failed(),))
BYHAND = due("failed", "hello", YUSUF, 0, "pending", "sent", "delivered", "failed")
ASKED_AGAIN = due("delivered", "hello", YUSUF, 0, "pending", "sent", "pending", "sent", "delivered")
ASKED_ONCE = due("delivered", "hello", YUSUF, 0, "pending", "pending", "sent", "delivered")
ORDERED = (due(since=0), due(text="second", since=30))
SWAPPED = (sent(seconds=50, id_=8002), sent(text="second", seconds=40))


def dated(first: float, second: float) -> History:
    """Two texts that were sent in another order than they became due, with CHT's own dates."""
    one, two = (replace(text, order=at(date)) for text, date in zip(ORDERED, (first, second), strict=True))
    return replace(RIGHT, outgoing_texts=(one, two), messages=SWAPPED)


ROWS: Mapping[str, tuple[str, History, History]] = {
    "a health worker adds the same report by hand": (
        "incoming_duplicated",
        replace(RIGHT, reports=(OWN, report("")), calls=(hands("run-1"),)),
        replace(RIGHT, reports=(OWN, report("")), calls=(hands("run-1"), hands("", path="/api/v2/records"))),
    ),
    "another gateway stores the same report": (
        "incoming_duplicated",
        replace(RIGHT, reports=(OWN, report("phone-9")), calls=(hands("run-1"), hands("phone-9", who=OTHER))),
        replace(RIGHT, reports=(OWN, report("phone-9")), calls=(hands("run-1"), hands("phone-9"))),
    ),
    "a health worker adds a report that nobody texted": (
        "incoming_from_nowhere",
        replace(RIGHT, reports=(OWN, report("", "by hand")), calls=(hands("run-1"),)),
        replace(RIGHT, reports=(OWN, report("x", "by hand")), calls=(hands("x", "by hand"),)),
    ),
    "the sender of a refused text reports it in the app": (
        "refused_although_stored",
        replace(RIGHT, incoming_texts=(LATE,), reports=(report(""),), calls=(hands("run-0", "other"),)),
        replace(RIGHT, incoming_texts=(LATE,), calls=(hands("run-1"),)),
    ),
    "somebody deletes a report": (
        "incoming_lost",
        replace(RIGHT, reports=(), calls=(hands("run-1"),)),
        replace(RIGHT, reports=(), calls=(hands("run-1"),), refs=frozenset({"run-1"})),
    ),
    "somebody deletes a report, which CHT confirmed": (
        "incoming_lost",
        replace(RIGHT, reports=(), calls=(hands("run-1"),)),
        replace(RIGHT, reports=(), calls=(hands("run-1", reply_body="<html>starting up</html>"),)),
    ),
    "somebody deletes a report, which came unchanged": (
        "incoming_lost",
        replace(RIGHT, reports=(), calls=(hands("run-1"),)),
        replace(RIGHT, reports=(), calls=(hands("run-1", "I am"),)),
    ),
    "somebody else sends the same text": (
        "outgoing_duplicated",
        replace(RIGHT, arrivals=(arrival(), arrival(message=8002)), others=frozenset({8002})),
        replace(RIGHT, arrivals=(arrival(), arrival(message=8002))),
    ),
    "somebody deletes one of two equal tasks that were sent": (
        "outgoing_duplicated",
        replace(RIGHT, arrivals=(arrival(), arrival(message=8002)), calls=(gets("u-1", "hello"), gets("u-2", "hello"))),
        replace(RIGHT, arrivals=(arrival(), arrival(message=8002)), calls=(gets("u-1", "hello"), gets("u-1", "hello"))),
    ),
    "CHT itself asks for a delivered text again": (
        "outgoing_duplicated",
        replace(RIGHT, arrivals=(arrival(), arrival(message=8002)), outgoing_texts=(ASKED_AGAIN,)),
        replace(RIGHT, arrivals=(arrival(), arrival(message=8002)), outgoing_texts=(ASKED_ONCE,)),
    ),
    "somebody deletes a task that was sent": (
        "outgoing_from_nowhere",
        replace(RIGHT, outgoing_texts=(), calls=(gets("u-1", "hello"),)),
        replace(RIGHT, outgoing_texts=(), calls=(gets("u-1", "hello", AMINA),)),
    ),
    "RapidPro chooses another number of the contact": (
        "outgoing_from_nowhere",
        replace(RIGHT, outgoing_texts=(), calls=(sends(number=AMINA),)),
        replace(RIGHT, outgoing_texts=(), calls=(sends(number=AMINA), sends())),
    ),
    "somebody changes the words of a text that was sent": (
        "outgoing_lost",
        replace(CHANGED, calls=(gets("u-1", "hello"), gets("u-1", "new words"))),
        replace(CHANGED, calls=(gets("u-1", "new words"),)),
    ),
    "RapidPro makes no message, and the relay says no more than it knows": (
        "outgoing_lost",
        replace(UNSENT, outgoing_texts=(WAITS,), calls=(sends(),)),
        replace(UNSENT, outgoing_texts=(due(),), calls=(sends(),)),
    ),
    "RapidPro makes no message, and the relay gives up": (
        "given_up_without_cause",
        replace(UNSENT, outgoing_texts=(failed(),), calls=(sends(),)),
        replace(UNSENT, outgoing_texts=(failed(),), calls=(sends(text="another"),)),
    ),
    "a text that is too long for every RapidPro": (
        "given_up_without_cause",
        replace(UNSENT, outgoing_texts=(failed("x" * 4097),)),
        replace(UNSENT, outgoing_texts=(failed("x" * 4096),)),
    ),
    "a number that is too short for every RapidPro": (
        "given_up_without_cause",
        replace(UNSENT, outgoing_texts=(failed("hello", "+250123"),)),
        replace(UNSENT, outgoing_texts=(failed("hello", "+2501234"),)),
    ),
    "somebody fails a task in CHT": (
        "given_up_without_cause",
        replace(UNSENT, outgoing_texts=(failed(),), calls=(told(2, "SENT"),)),
        replace(UNSENT, outgoing_texts=(failed(),), calls=(told(2, "FAILED"),)),
    ),
    "a person resends a failed message": (
        "given_up_without_cause",
        replace(REVIVED, calls=(says("failed"),)),
        replace(REVIVED, calls=(says("failed", 8009),)),
    ),
    "a late report revives a failed message": (
        "state_wrong",
        replace(REVIVED, calls=(says("failed"), says("delivered"))),
        replace(REVIVED, calls=(says("delivered"),)),
    ),
    "somebody changes the state of a delivered task": (
        "state_wrong",
        replace(RIGHT, outgoing_texts=(BYHAND,), calls=(told(2, "SENT", "DELIVERED"),)),
        replace(RIGHT, outgoing_texts=(due("sent", "hello", YUSUF, 0, "pending", "delivered", "sent"),),
                calls=(told(2, "DELIVERED", "SENT"),)),
    ),
    "CHT hands out an older reminder first": ("reordered", dated(30, 10), dated(10, 30)),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_only_the_doer_is_blamed(row: str) -> None:
    check, of_others, of_the_relay = ROWS[row]
    assert [str(one) for one in judge(of_others)] == []
    assert check in {one.check for one in judge(of_the_relay)}
