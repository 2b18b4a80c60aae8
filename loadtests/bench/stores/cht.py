"""The fake CHT with few and with many documents: the same operations, called in process as a gateway calls them."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import requests

from fakes.cht import Cht
from fakes.clock import VirtualClock
from fakes.serving.wsgi import build_environ, call

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GATEWAY = "Basic " + base64.b64encode(b"gateway:gateway-pass").decode()
HEADERS = {"Authorization": GATEWAY, "Content-Type": "application/json"}
WAITING = 50
"""Texts waiting to be sent, whatever the number of documents."""


def operations(documents: int) -> Mapping[str, Callable[[int], object]]:
    """The operations to measure on a fake with that many documents, by name; each takes the number of its round."""
    cht = new_cht()
    with cht.state.lock:
        for number in range(documents):
            cht.state.save(document(number, "pending" if number < WAITING else "sent"))
    return {
        "hand_out_25": lambda _: exchange(cht, {}),
        "look_up_and_update": lambda round_: exchange(cht, {"updates": [_update(round_, documents)]}),
        "seen_before": lambda round_: exchange(cht, {"messages": [_message(round_)]}),
    }


def new_cht() -> Cht:
    """A fake with the built-in seed."""
    return Cht(VirtualClock(NOW), session=requests.Session(), rng=random.Random(1))


def document(number: int, state: str) -> dict[str, Any]:
    """A report with one text to send."""
    message = {"uuid": f"m-{number}", "to": f"+250788{number % 1_000_000:06}", "message": f"Reminder {number}"}
    moment = "2026-01-01T00:00:00.000Z"
    history = [{"state": state, "timestamp": moment}]
    task = {"messages": [message], "state": state, "state_history": history}
    return {
        "_id": f"d-{number:06}",
        "type": "data_record",
        "reported_date": 1_700_000_000_000 + number,
        "tasks": [task],
    }


def exchange(cht: Cht, body: Mapping[str, Any]) -> Any:
    """One request to `/api/sms`. Raises AssertionError unless it is answered 200: it would measure nothing."""
    reply = call(cht, build_environ("POST", "/api/sms", "", HEADERS, json.dumps(body).encode()))
    if reply.status != 200:
        raise AssertionError(f"expected 200, got {reply.status}: {reply.body[:200]!r}")
    return json.loads(reply.body)


def _update(round_: int, documents: int) -> dict[str, str]:
    number = WAITING + round_ * 7_919 % (documents - WAITING)
    return {"id": f"m-{number}", "status": "DELIVERED" if round_ % 2 else "SENT"}


def _message(round_: int) -> dict[str, str]:
    return {"id": f"known-{round_ % 10}", "from": "+250788123456", "content": "TEMP 38.5"}
