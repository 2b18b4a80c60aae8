"""The fake RapidPro with few and with many messages in its store: the same questions, put in process."""

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
"""Messages whose status changes, spread over the store: few enough to be met again in the processor's cache, as those
just sent are. Fetching one that was long forgotten from memory takes half a microsecond more."""


def questions(messages: int) -> Mapping[str, Callable[[int], object]]:
    """What is asked of a fake with so many messages in its store, by name; each is given the number of its turn."""
    rapidpro = RapidPro(VirtualClock(NOW), session=requests.Session(), rng=random.Random(1))
    rapidpro.seed(_seed(messages))
    rapidpro.engine = "idle"
    rapidpro.set_rates(dict.fromkeys(rapidpro.throttle.rates, "1000000000/hour"))
    broadcast = 1 + messages // 2
    return {
        "page": lambda _: _ask(rapidpro, "GET", "messages"),
        "page_in_the_middle": lambda _: _ask(rapidpro, "GET", "messages", f"before={_moment(messages // 2)}"),
        "by_broadcast": lambda _: _ask(rapidpro, "GET", "messages", f"broadcast={broadcast}"),
        "folder": lambda _: _ask(rapidpro, "GET", "messages", "folder=outbox"),
        "send": lambda _: _ask(rapidpro, "POST", "broadcasts", body={"urns": ["tel:+250788000001"], "text": "x"}),
        "status_change": lambda turn: _change(rapidpro, 1 + turn % CHANGING * 7_919 % messages),
    }


def _ask(rapidpro: RapidPro, method: str, name: str, query: str = "", body: Any = None) -> bytes:
    raw = b"" if body is None else json.dumps(body).encode()
    reply = call(rapidpro, build_environ(method, f"/api/v2/{name}.json", query, HEADERS, raw))
    if reply.status >= 300:
        raise ValueError(f"{method} {name}: {reply.status} {reply.body[:300]!r}")
    return reply.body


def _change(rapidpro: RapidPro, number: int) -> None:
    """Two delivery reports, there and back, so that each turn finds the store as the first one did."""
    message = rapidpro.store.message_by_id[number]
    for status in (AFTER, BEFORE):
        rapidpro.mailroom.courier.set_status(message, status)


def _moment(number: int) -> str:
    return (NOW - timedelta(days=30) + timedelta(seconds=number)).isoformat().replace("+00:00", "Z")


def _seed(messages: int) -> dict[str, Any]:
    given = dict(default_seed(NOW))
    people = [f"000000c0-0000-4000-8000-{number:012x}" for number in range(PEOPLE)]
    given["contacts"] = [
        {"uuid": uuid, "workspace": 1, "urns": [f"tel:+2507880{number:05}"], "created_on": _moment(0)}
        for number, uuid in enumerate(people)
    ]
    numbers = range(1, messages + 1)
    given["broadcasts"] = [
        {
            "id": number, "workspace": 1, "status": "completed", "contact_count": 1, "created_on": _moment(number),
            "translations": {"eng": {"text": "Visit due"}}, "base_language": "eng",
        }
        for number in numbers
    ]  # fmt: skip
    given["messages"] = [
        {
            "id": number, "uuid": f"00000099-0000-4000-8000-{number:012x}", "workspace": 1, "broadcast": number,
            "contact": people[number % PEOPLE], "urn": f"tel:+2507880{number % PEOPLE:05}", "direction": "out",
            "channel": "000000c4-0000-4000-8000-000000000001", "status": BEFORE, "text": "Visit due",
            "created_on": _moment(number), "modified_on": _moment(number),
        }
        for number in numbers
    ]  # fmt: skip
    return given
