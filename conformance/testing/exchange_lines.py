"""Exchanges of the ledger as lines for people: `relay-harness ledger`, and the report of a test that failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BODY_SHOWN = 120
"""Characters of a body that a line shows."""


def exchange_line(exchange: Mapping[str, Any]) -> str:
    """Number, time, service, request with the beginning of its body, reply with the beginning of its body, fault."""
    service = exchange["service"] if exchange["direction"] == "in" else f"{exchange['service']} calls"
    query = f"?{exchange['query']}" if exchange["query"] else ""
    request = f"{exchange['method']} {exchange['path']}{query} {cut(exchange['request']['body'])}".rstrip()
    return f"{exchange['seq']:>5}  {exchange['at'][11:23]}  {service:14}  {request} -> {outcome(exchange)}"


def outcome(exchange: Mapping[str, Any]) -> str:
    """What the caller got."""
    reply = exchange["reply"]
    got = "no reply" if reply is None else f"{reply['status']} {cut(reply['body'])}".rstrip()
    acted = "" if exchange["acted"] else ", the service did not act"
    notes = [f"fault {exchange['fault']}{acted}"] if exchange["fault"] else []
    notes += [str(exchange[name]) for name in ("unexpected", "error") if exchange[name]]
    return got + "".join(f"  [{note}]" for note in notes)


def cut(text: str) -> str:
    """The beginning of a body, on one line, with an ellipsis if something is left out."""
    line = " ".join(text.split())
    return line if len(line) <= BODY_SHOWN else f"{line[:BODY_SHOWN]}…"
