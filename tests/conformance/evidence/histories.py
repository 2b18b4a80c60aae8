"""Hand-written events for the tests of evidence."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from conformance.history.model import Call

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
AMINA, YUSUF = "+250788200001", "+250788200002"
NAMES = {AMINA: "Amina", YUSUF: "Yusuf"}


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def call(seq: int, **given: Any) -> Call:
    """A request to send, unless something else is given; each a minute after the one before."""
    usual: dict[str, Any] = {
        "at": at(60 * seq), "service": "rapidpro", "direction": "in", "method": "POST", "status": 201,
        "path": "/api/v2/broadcasts.json",
    }  # fmt: skip
    return Call(seq, **{**usual, **given})


def poll(seq: int, body: str = '{"messages": [], "updates": []}', reply: str = '{"messages":[]}', **given: Any) -> Call:
    """A request of the relay to CHT's gateway API."""
    return call(
        seq, **{"service": "cht", "path": "/api/sms", "status": 200, "body": body, "reply_body": reply, **given}
    )


def send(seq: int, text: str, number: str = AMINA, **given: Any) -> Call:
    """A request to send this text."""
    body = json.dumps({"urns": [f"tel:{number}"], "text": text})
    return call(seq, **{"body": body, "reply_body": json.dumps({"id": 9000 + seq}), **given})


def told(seq: int, uuid: str, word: str, **given: Any) -> Call:
    """The relay tells CHT a state."""
    return poll(seq, json.dumps({"updates": [{"id": uuid, "status": word}]}), **given)


def handed_over(seq: int, id_: str, text: str, number: str = AMINA, **given: Any) -> Call:
    """The relay hands CHT a text."""
    return poll(seq, json.dumps({"messages": [{"id": id_, "from": number, "content": text}]}), **given)


def webhook(seq: int, id_: str, text: str, status: int | None = 200, number: str = AMINA, **given: Any) -> Call:
    """RapidPro's flow calls the relay."""
    body = json.dumps({"id": id_, "from": number, "content": text})
    return call(seq, **{"direction": "out", "path": "/incoming", "status": status, "body": body, **given})


def look_up(seq: int, status: str = "wired", id_: int = 8001, **given: Any) -> Call:
    """The relay asks RapidPro what became of a message."""
    reply = json.dumps({"next": None, "results": [{"id": id_, "status": status}]})
    shape = {"method": "GET", "path": "/api/v2/messages.json", "status": 200, "reply_body": reply}
    return call(seq, **{**shape, **given})
