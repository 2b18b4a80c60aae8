"""One short sentence about an exchange, for people who watch: what was asked, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from fakes.ledger import Exchange

LARGEST_READ = 65_536
"""Bytes. A larger body is not looked into."""
LONGEST_TEXT = 40
"""Characters of a text that are shown."""
CARRIED = ("messages", "updates")
"""What CHT's gateway API carries, in requests and answers."""


def summary(exchange: Exchange) -> str:
    """What the exchange is about. It may have a secret in it, if a text has."""
    return f"{KNOWN.get(_key(exchange), _plain)(exchange)}{_ending(exchange)}"


def _key(exchange: Exchange) -> tuple[str, str, str, str]:
    return exchange.service, exchange.direction, exchange.method, exchange.path.rstrip("/")


def brings_nothing(exchange: Exchange) -> bool:
    """Whether it only asked, and all was well: it read, or a gateway had nothing and was given nothing."""
    if exchange.reply is None or exchange.reply.status >= 300 or exchange.fault or exchange.unexpected:
        return False
    if exchange.direction == "out":
        return False
    sent, got = _json(exchange.body), _json(exchange.reply.body)
    is_poll = KNOWN.get(_key(exchange)) is _poll
    return exchange.method == "GET" or (is_poll and not any(sent.get(one) or got.get(one) for one in CARRIED))


def _plain(exchange: Exchange) -> str:
    who = f"{exchange.service} calls " if exchange.direction == "out" else ""
    return f"{who}{exchange.method} {exchange.path}"


def _poll(exchange: Exchange) -> str:
    """CHT's gateway API: what the gateway brings, and what it is given."""
    sent, got = _json(exchange.body), _json(b"" if exchange.reply is None else exchange.reply.body)
    parts = [
        f"hands over {_some(sent, 'messages', 'text')}" if _count(sent, "messages") else "",
        f"reports {_some(sent, 'updates', 'state')}" if _count(sent, "updates") else "",
        f"is given {_some(got, 'messages', 'text')}" if _count(got, "messages") else "",
    ]
    return f"gateway {', '.join(part for part in parts if part) or 'asks for texts: none'}"


def _broadcast(exchange: Exchange) -> str:
    body = _json(exchange.body)
    text = body.get("text")
    words = next(iter(text.values()), "") if isinstance(text, dict) else text
    urns = body.get("urns")
    whom = f" to {str(urns[0]).removeprefix('tel:')}" if isinstance(urns, list) and len(urns) == 1 else ""
    return f"asks to send “{_cut(str(words or ''))}”{whom}"


def _state_question(_exchange: Exchange) -> str:
    return "asks what became of messages"


def _webhook(exchange: Exchange) -> str:
    body = _json(exchange.body)
    words = body.get("content") or body.get("text")
    return f"RapidPro delivers “{_cut(str(words))}”" if words else f"RapidPro calls {exchange.path}"


def _ending(exchange: Exchange) -> str:
    if exchange.reply is None:
        return ": no answer"
    return f": answered {exchange.reply.status}" if exchange.reply.status >= 300 else ""


def _json(body: bytes) -> Mapping[str, Any]:
    if len(body) > LARGEST_READ or not body.startswith(b"{"):
        return {}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _count(body: Mapping[str, Any], key: str) -> int:
    found = body.get(key)
    return len(found) if isinstance(found, list) else 0


def _some(body: Mapping[str, Any], key: str, word: str) -> str:
    count = _count(body, key)
    return f"{count} {word}{'s' if count > 1 else ''}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


KNOWN: Mapping[tuple[str, str, str, str], Callable[[Exchange], str]] = MappingProxyType(
    {
        ("cht", "in", "POST", "/api/sms"): _poll,
        ("rapidpro", "in", "POST", "/api/v2/broadcasts.json"): _broadcast,
        ("rapidpro", "in", "GET", "/api/v2/messages.json"): _state_question,
        ("rapidpro", "out", "POST", "/api/v2/sms/rapidpro/incoming-messages"): _webhook,
    }
)
"""By service, direction, method and path."""
