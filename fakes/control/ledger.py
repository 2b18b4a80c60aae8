"""The control API's routes of the ledger."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from fakes.assembly import Fakes
from fakes.ledger import MAX_BODY_SHOWN, Dropped, Exchange
from fakes.ledger.looks import HEADER
from fakes.serving.json_fields import query_number

MOST = 2000
"""Exchanges of one answer."""
MOST_BYTES = 16 * 1024 * 1024
"""Bytes of bodies after which an answer ends."""


def ledger_routes(fakes: Fakes) -> Blueprint:
    """The routes, without a prefix."""
    routes = Blueprint("ledger", __name__)

    @routes.get("/ledger")
    def exchanges() -> tuple[Response, int]:
        """The exchanges so far, oldest first, secrets hidden; at most 2000 in an answer: read on while there are
        `more`. 410 if some of them are not kept any more. A body that is not shown whole has a `cut` beside it: `shown`
        bytes of the `length` of the whole, its `sha256`, and whether it is `kept`, so that bodies=whole shows it.

        Query: after=NUMBER (only those numbered above), service=NAME, limit=NUMBER, bodies=whole (default: their first
        65,536 bytes), dropped=skip (no 410, but what is left)

        Answer: {"exchanges": [{"seq": number, "at": ISO time, "service", "direction": "in" or "out" (a call by the
        fake), "method", "path", "query", "request": {"headers", "body"}, "reply": {"status", "headers", "body"} or
        null, "acted": true or false, "fault", "unexpected", "error": text or null}, ...], "last": number to go on from,
        "more": whether there are more now, "first": number of the oldest that is kept, "dropped": how many of those
        asked for are not kept any more}
        """
        after, limit = query_number("after") or 0, query_number("limit")
        service = _one_of("service", *fakes.services)
        whole, skip = _one_of("bodies", "whole") is not None, _one_of("dropped", "skip") is not None
        last, first, dropped = fakes.ledger.last, fakes.ledger.first, fakes.ledger.missing_after(after)
        known = {"first": first, "dropped": dropped}
        try:
            found, more = _piece(fakes.ledger.each_after(after, service, skip_dropped=skip), limit, whole=whole)
        except Dropped as gone:
            return jsonify(error=f"{gone} (dropped=skip shows what is left)", last=last, **known), 410
        if found and (more or found[-1].seq > last):
            last = found[-1].seq  # where the next call continues
        shown = fakes.ledger.export(found, whole=whole)
        return jsonify(exchanges=shown, last=last, more=more, **known), 200

    @routes.get("/ledger/look")
    def look() -> Response:
        """The header by which the harness marks its own GET requests to a service: no fault hits them, and the ledger
        does not have them. For the harness alone: a subject must not know it.

        Answer: {"header": name, "value": text}
        """
        return jsonify(header=HEADER, value=fakes.ledger.looks.token)

    return routes


def _piece(exchanges: Iterator[Exchange], limit: int | None, *, whole: bool) -> tuple[list[Exchange], bool]:
    """The exchanges of one answer, and whether there are more."""
    found: list[Exchange] = []
    size = 0
    for exchange in exchanges:
        if len(found) == (MOST if limit is None else min(limit, MOST)) or size > MOST_BYTES:
            return found, bool(found)
        found.append(exchange)
        for body in (exchange.body, b"" if exchange.reply is None else exchange.reply.body):
            size += len(body) if whole else min(len(body), MAX_BODY_SHOWN)
    return found, False


def _one_of(name: str, *known: str) -> str | None:
    given = request.args.get(name)
    if given is not None and given not in known:
        raise BadRequest(f"{name}: expected one of {', '.join(known)}, got {given!r}")
    return given
