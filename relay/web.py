"""The web app that RapidPro calls. It answers like CHT Core (cht-core api/src/controllers/rapidpro.js)."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from flask import Flask, Response, request
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException

from relay.commits import MAX_CALLERS
from relay.health import DATABASE_ERRORS, Calls, Standstill, metrics, report
from relay.models import Message, sanitize
from relay.settings import Settings
from relay.store import Store

INCOMING_PATHS = ("/api/v2/sms/rapidpro/incoming-messages", "/api/v1/sms/radpidpro/incoming-messages")
"""CHT Core has the misspelling in the second path too; old workspaces use it."""
LIMITS = MappingProxyType({"id": 200, "from": 100, "content": 10_000})
"""Fields and their longest values, in characters. A template in a flow gives at most 10,000; CHT and RapidPro count
phones and ids in tens; an index of PostgreSQL takes 2,700 bytes."""
MAX_BODY_BYTES = 128 * 1024
"""Enough for the longest text with each character escaped."""
SERVER = MappingProxyType(
    {
        "threads": MAX_CALLERS + 16,  # a thread holds a whole request only: slow connections occupy none
        "connection_limit": 500,
        "asyncore_use_poll": True,
        "channel_timeout": 30,
        "cleanup_interval": 5,
        "max_request_header_size": 16 * 1024,
        "max_request_body_size": MAX_BODY_BYTES,
    }
)
"""How waitress serves the app. Idle connections are closed after `channel_timeout` seconds."""


def create_app(
    settings: Settings, store: Store, now: Callable[[], float], wake: Callable[[], None], log: Any, calls: Calls
) -> Flask:
    """The Flask app. It calls `wake` when there is new work."""
    app = Flask("relay", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    database = Standstill(log, "database")

    def receive() -> Response:
        _authorize(request.headers.get("Authorization", ""), settings.incoming_token)
        message = _parse_message(request.get_data())
        with database:
            stored = store.add_incoming(message, now())
        if not stored:
            raise _not_saved("another message has this `id`; each message needs its own")
        log.info("received", id=message.id)
        wake()
        return _json_response(200, {"saved": 1})

    for path in INCOMING_PATHS:
        app.add_url_rule(path, path, receive, methods=["POST"])

    @app.get("/health")
    def health() -> Response:
        body = report(store, database, calls, now())
        return _json_response(503 if body["status"] == "stopped" else 200, body)

    @app.get("/metrics")
    def show_metrics() -> Response:
        return Response(metrics(report(store, database, calls, now()), calls), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    @app.after_request
    def count(response: Response) -> Response:
        calls.total.labels("relay", request.endpoint, response.status_code).inc()
        return response

    @app.errorhandler(413)
    def too_large(_: Exception) -> Response:
        return _error_response(413, f"Message was not saved: the body is larger than {MAX_BODY_BYTES} bytes")

    @app.errorhandler(Exception)
    def handle_error(error: Exception) -> Response:
        if isinstance(error, HTTPException):
            return _error_response(error.code or 500, error.description or error.name)
        if isinstance(error, DATABASE_ERRORS):
            return _error_response(503, "Message was not saved in time: the database stands still, send it again later")
        log.error("server_error", cause=type(error).__name__)
        return _error_response(500, "Server error")

    return app


def _not_saved(reason: str) -> BadRequest:
    return BadRequest(f"Message was not saved: {reason}")


def _error_response(status: int, message: str) -> Response:
    """JSON for callers that prefer it, text for all others."""
    if _prefers_json():
        return _json_response(status, {"code": status, "error": message})
    return Response(message, status, content_type="text/plain; charset=utf-8")


def _json_response(status: int, body: Any) -> Response:
    text = json.dumps(body, separators=(",", ":"))
    return Response(text, status, content_type="application/json; charset=utf-8")


def _prefers_json() -> bool:
    accept = request.accept_mimetypes
    json_quality, text_quality = accept["application/json"], accept["text/plain"]
    json_first = request.headers.get("Accept", "").startswith("application/json")  # decides if both are equal
    return json_quality > text_quality or (json_quality == text_quality and json_first)


def _authorize(authorization: str, token: str) -> None:
    scheme, _, value = authorization.partition(" ")
    if scheme != "Token" or not value.strip():
        raise Forbidden("Missing authorization token")
    if not hmac.compare_digest(value.strip().encode("latin-1", "replace"), token.encode()):
        raise Forbidden("Incorrect token")


def _parse_message(body: bytes) -> Message:
    """The message in a request body. Values may be strings or whole numbers; numbers become strings."""
    if request.mimetype != "application/json":
        raise _not_saved(f"Content-Type must be application/json, but is {request.mimetype or 'missing'}")
    try:
        fields = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise _not_saved("the body is not valid JSON") from None
    if not isinstance(fields, dict):
        raise _not_saved("the body must be a JSON object with `id`, `from` and `content`")
    if isinstance(fields.get("from"), str):
        fields["from"] = _phone(fields["from"])
    for name, limit in LIMITS.items():
        value = fields.get(name)
        if not value:
            raise _not_saved(f"`{name}` is missing or empty")
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise _not_saved(f"`{name}` must be text")
        if len(str(value)) > limit:
            raise _not_saved(f"`{name}` has {len(str(value))} characters, at most {limit} are allowed")
    return Message(*(sanitize(str(fields[name])) for name in LIMITS))


def _phone(sender: str) -> str:
    """The number in a `tel:` URN, as `@contact.urn` gives it in a flow; a number or short code as it is."""
    scheme, colon, path = sender.partition(":")
    if colon and scheme.strip().lower() != "tel":
        raise _not_saved(f"`from` must be a phone number, not an address of the kind `{scheme[:20]}`")
    return re.split("[?#]", path)[0] if colon else sender
