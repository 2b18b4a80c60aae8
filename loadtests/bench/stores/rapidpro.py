"""The fake RapidPro with few and with many messages in its store: the same operations, called in process."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from fakes.clock import VirtualClock
from fakes.rapidpro import RapidPro
from fakes.rapidpro.seed.default import default_seed
from fakes.serving.wsgi import build_environ, call

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEADERS = {"Authorization": "Token RAPIDPRO-TEST-TOKEN-0000000000000000000000", "Content-Type": "application/json"}
PEOPLE = 200
BEFORE, AFTER = "queued", "wired"
CHANGING = 30
"""Messages whose status changes, spread over the store: few enough to stay in the processor's cache, like messages that
were just sent. Fetching another one from memory takes half a microsecond more."""


def operations(messages: int) -> Mapping[str, Callable[[int], object]]:
    """The operations to measure on a fake with that many messages, by name; each takes the number of its round."""
    rapidpro = RapidPro(VirtualClock(NOW), session=requests.Session(), rng=random.Random(1))
    rapidpro.seed(_seed(messages))
    rapidpro.engine = "idle"
    rapidpro.set_rates(dict.fromkeys(rapidpro.throttle.rates, "1000000000/hour"))
    broadcast = 1 + messages // 2
    return {
        "page": lambda _: _request(rapidpro, "GET", "messages"),
        "page_in_the_middle": lambda _: _request(rapidpro, "GET", "messages", f"before={_moment(messages // 2)}"),
        "by_broadcast": lambda _: _request(rapidpro, "GET", "messages", f"broadcast={broadcast}"),
        "folder": lambda _: _request(rapidpro, "GET", "messages", "folder=outbox"),
        "send": lambda _: _request(rapidpro, "POST", "broadcasts", body={"urns": ["tel:+250788000001"], "text": "x"}),
        "status_change": lambda round_: _change_status(rapidpro, 1 + round_ % CHANGING * 7_919 % messages),
    }


def _request(rapidpro: RapidPro, method: str, name: str, query: str = "", body: Any = None) -> bytes:
    raw = b"" if body is None else json.dumps(body).encode()
    reply = call(rapidpro, build_environ(method, f"/api/v2/{name}.json", query, HEADERS, raw))
    if reply.status >= 300:
        raise ValueError(f"{method} {name}: {reply.status} {reply.body[:300]!r}")
    return reply.body


def _change_status(rapidpro: RapidPro, number: int) -> None:
    """Two delivery reports, there and back, so that each round finds the store as the first one did."""
    message = rapidpro.store.message_by_id[number]
    for status in (AFTER, BEFORE):
        rapidpro.mailroom.courier.set_status(message, status)


def _moment(number: int) -> str:
    return (NOW - timedelta(days=30) + timedelta(seconds=number)).isoformat().replace("+00:00", "Z")


def _seed(messages: int) -> dict[str, Any]:
    seed = dict(default_seed(NOW))
    people = [f"000000c0-0000-4000-8000-{number:012x}" for number in range(PEOPLE)]
    seed["contacts"] = [
        {"uuid": uuid, "workspace": 1, "urns": [f"tel:+2507880{number:05}"], "created_on": _moment(0)}
        for number, uuid in enumerate(people)
    ]
    numbers = range(1, messages + 1)
    seed["broadcasts"] = [
        {
            "id": number, "workspace": 1, "status": "completed", "contact_count": 1, "created_on": _moment(number),
            "translations": {"eng": {"text": "Visit due"}}, "base_language": "eng",
        }
        for number in numbers
    ]  # fmt: skip
    seed["messages"] = [
        {
            "id": number, "uuid": f"00000099-0000-4000-8000-{number:012x}", "workspace": 1, "broadcast": number,
            "contact": people[number % PEOPLE], "urn": f"tel:+2507880{number % PEOPLE:05}", "direction": "out",
            "channel": "000000c4-0000-4000-8000-000000000001", "status": BEFORE, "text": "Visit due",
            "created_on": _moment(number), "modified_on": _moment(number),
        }
        for number in numbers
    ]  # fmt: skip
    return seed
