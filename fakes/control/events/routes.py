"""The route of the stream of events."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from fakes.control.events.hub import EventHub, TooManyClients
from fakes.serving.connection import STREAMS_KEY, stream_reply

CONTENT_TYPE = "text/event-stream"


def event_routes(hub: EventHub) -> Blueprint:
    """`GET /events`, over this hub."""
    routes = Blueprint("events", __name__)

    @routes.get("/events")
    def events() -> Response:
        """What happens, as it happens: Server-Sent Events. They go on from the number in the header Last-Event-ID, or
        from `after`. At most 16 clients: the next gets 503. Whoever takes nothing for 5 seconds is dropped; nothing is
        lost by that, since a client goes on from its number.

        Query: after=NUMBER (only exchanges numbered above; default: all)

        Answer: the events `exchange` (with its number as id; data: the fields of `GET /ledger` without headers and
        bodies, with status, phone numbers, a summary in words, and the fake service at the other end if RapidPro calls
        one by itself), `changed` (data: the parts to read again, in `what`; `busy`: whether so much happens that
        they should be read seldom and in pieces; `clients`: how many get events), `clock` (data: as `GET /clock`); a
        comment at least every 15 seconds
        """
        text = request.headers.get("Last-Event-ID") or request.args.get("after") or "0"
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise BadRequest(f"after, or Last-Event-ID: expected the number of an exchange, got {text!r}")
        if STREAMS_KEY not in request.environ:
            raise BadRequest("events need a connection: ask the control API over a socket")
        response = Response(iter(()), content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})
        if request.method == "GET":
            try:
                stream_reply(request.environ, hub.open(int(text)))
            except TooManyClients as reason:
                raise ServiceUnavailable(str(reason)) from None
        return response

    return routes
