"""Events as Server-Sent Events (WHATWG HTML, section 9.2): lines of UTF-8, a blank line after each event."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from fakes.clock import format_moment
from fakes.control.events.summaries import summary
from fakes.ledger import Exchange
from fakes.redaction import Redaction

LONGEST_READ = 16_384
"""Bytes of a body in which phone numbers are looked for."""
MOST_NUMBERS = 20
NUMBERS = re.compile(rb"(?:\+|%2[Bb]|tel:)([1-9][0-9]{6,14})(?![0-9])")
"""Phone numbers in international form (E.164), also percent-encoded."""


def event(name: str, data: Mapping[str, Any], id_: int | None = None) -> bytes:
    """One event. JSON has no line breaks outside its texts, and none unescaped in them."""
    number = "" if id_ is None else f"id: {id_}\n"
    return f"{number}event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def comment(words: str) -> bytes:
    """A line that every client ignores."""
    return f": {words}\n\n".encode()


def exchange_event(exchange: Exchange, other_end: str | None, hide: Redaction) -> bytes:
    """The event of one exchange, without secrets. `other_end`: the fake that called or was called, if it was one."""
    shown = [exchange.path, exchange.query, exchange.error or "", exchange.unexpected or "", summary(exchange)]
    if hide.concerns("\n".join(shown)):
        shown = hide.values(shown)
    path, query, error, unexpected, words = shown
    data = {
        "seq": exchange.seq,
        "at": format_moment(exchange.at),
        "service": exchange.service,
        "direction": exchange.direction,
        "other_end": other_end,
        "method": exchange.method,
        "path": path,
        "query": query,
        "status": None if exchange.reply is None else exchange.reply.status,
        "fault": exchange.fault,
        "acted": exchange.acted,
        "error": error or None,
        "unexpected": unexpected or None,
        "numbers": numbers_in(exchange),
        "summary": words,
    }
    return event("exchange", data, exchange.seq)


def numbers_in(exchange: Exchange) -> list[str]:
    """The phone numbers in an exchange, each once, in the order in which they appear."""
    reply = b"" if exchange.reply is None else exchange.reply.body
    address = f"{exchange.path} {exchange.query}".encode(errors="replace")
    parts = (address, exchange.body[:LONGEST_READ], reply[:LONGEST_READ])
    found = dict.fromkeys(number for part in parts for number in NUMBERS.findall(part))
    return [f"+{number.decode()}" for number in list(found)[:MOST_NUMBERS]]
