"""The web app that RapidPro calls. It answers like CHT Core (cht-core api/src/controllers/rapidpro.js)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException

from relay.models import Message, sanitize
from relay.settings import Settings
from relay.store import Store

INCOMING_PATHS = ("/api/v2/sms/rapidpro/incoming-messages", "/api/v1/sms/radpidpro/incoming-messages")
"""CHT Core has the misspelling in the second path too; old workspaces use it."""
MAX_BODY_BYTES = 1024 * 1024
FIELDS = ("id", "from", "content")


def create_app(settings: Settings, store: Store, now: Callable[[], float], wake: Callable[[], None], log: Any) -> Flask:
    """The Flask app. It calls `wake` when there is new work."""
    app = Flask("relay", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES

    def receive() -> Response:
        _authorize(request.headers.get("Authorization", ""), settings.incoming_token)
        message = _parse_message(request.get_data())
        if not store.add_incoming(message, now()):
            raise _not_saved("another message has this `id`; each message needs its own")
        log.info("received", id=message.id)
        wake()
        return _json_response(200, {"saved": 1})

    for path in INCOMING_PATHS:
        app.add_url_rule(path, path, receive, methods=["POST"])

    @app.get("/health")
    def health() -> Response:
        return _json_response(200, _health(store, now()))

    @app.errorhandler(413)
    def too_large(_: Exception) -> Response:
        return _error_response(413, f"Message was not saved: the body is larger than {MAX_BODY_BYTES} bytes")

    @app.errorhandler(Exception)
    def handle_error(error: Exception) -> Response:
        if isinstance(error, HTTPException):
            return _error_response(error.code or 500, error.description or error.name)
        log.error("server_error", cause=type(error).__name__)
        if isinstance(error, SQLAlchemyError):
            return _error_response(503, "Message was not saved: the database cannot be written, send it again later")
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
    for name in FIELDS:
        value = fields.get(name)
        if not value:
            raise _not_saved(f"`{name}` is missing or empty")
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise _not_saved(f"`{name}` must be text")
    return Message(*(sanitize(str(fields[name])) for name in FIELDS))


def _health(store: Store, now: float) -> dict[str, Any]:
    queues, neighbours = store.health()
    details = {
        neighbour.name: {
            "failures": neighbour.failures,
            "left_alone_until": _iso(neighbour.blocked_until) if neighbour.blocked_until > now else None,
            "last_error": neighbour.last_error,
        }
        for neighbour in neighbours
    }
    healthy = not any(neighbour.failures for neighbour in neighbours)
    return {"status": "ok" if healthy else "trouble", "queues": queues, **details}


def _iso(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).isoformat()
