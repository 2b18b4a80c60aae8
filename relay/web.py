"""What RapidPro calls: parse, store, answer. Answers as CHT Core does (cht-core api/src/controllers/rapidpro.js)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException

from relay.messages import Message, clean
from relay.settings import Settings
from relay.store import Store

PATHS = ("/api/v2/sms/rapidpro/incoming-messages", "/api/v1/sms/radpidpro/incoming-messages")
"""The second is misspelt in CHT Core too; workspaces of old use it."""
LARGEST_BODY = 1024 * 1024
FIELDS = ("id", "from", "content")


def create_app(settings: Settings, store: Store, now: Callable[[], float], wake: Callable[[], None], log: Any) -> Flask:
    """The Flask app. `wake` is called when there is new work."""
    app = Flask("relay", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY

    def incoming() -> Response:
        _authorize(request.headers.get("Authorization", ""), settings.incoming_token)
        message = _message(request.get_data())
        if not store.receive(message, now()):
            raise _not_saved("another message has this `id`; each message needs its own")
        log.info("received", id=message.id)
        wake()
        return _json(200, {"saved": 1})

    for path in PATHS:
        app.add_url_rule(path, path, incoming, methods=["POST"])

    @app.get("/health")
    def health() -> Response:
        return _json(200, _health(store, now()))

    @app.errorhandler(413)
    def too_large(_: Exception) -> Response:
        return _answer(413, f"Message was not saved: the body is larger than {LARGEST_BODY} bytes")

    @app.errorhandler(Exception)
    def refused(error: Exception) -> Response:
        if isinstance(error, HTTPException):
            return _answer(error.code or 500, error.description or error.name)
        log.error("server_error", cause=type(error).__name__)
        if isinstance(error, SQLAlchemyError):
            return _answer(503, "Message was not saved: the relay cannot write to its database, send it again later")
        return _answer(500, "Server error")

    return app


def _not_saved(why: str) -> BadRequest:
    return BadRequest(f"Message was not saved: {why}")


def _answer(status: int, message: str) -> Response:
    """An error, as JSON for callers that prefer it and as text for all others."""
    if _prefers_json():
        return _json(status, {"code": status, "error": message})
    return Response(message, status, content_type="text/plain; charset=utf-8")


def _json(status: int, body: Any) -> Response:
    text = json.dumps(body, separators=(",", ":"))
    return Response(text, status, content_type="application/json; charset=utf-8")


def _prefers_json() -> bool:
    accept = request.accept_mimetypes
    as_json, as_text = accept["application/json"], accept["text/plain"]
    first = request.headers.get("Accept", "").startswith("application/json")  # decides between equals
    return as_json > as_text or (as_json == as_text and first)


def _authorize(authorization: str, token: str) -> None:
    scheme, _, value = authorization.partition(" ")
    if scheme != "Token" or not value.strip():
        raise Forbidden("Missing authorization token")
    if not hmac.compare_digest(value.strip().encode("latin-1", "replace"), token.encode()):
        raise Forbidden("Incorrect token")


def _message(body: bytes) -> Message:
    """The message in a request. Text and whole numbers are taken, numbers as text."""
    if request.mimetype != "application/json":
        raise _not_saved(f"Content-Type must be application/json, not {request.mimetype or 'left out'}")
    try:
        found = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise _not_saved("the body is not valid JSON") from None
    if not isinstance(found, dict):
        raise _not_saved("the body must be a JSON object with `id`, `from` and `content`")
    for name in FIELDS:
        value = found.get(name)
        if not value:
            raise _not_saved(f"`{name}` is missing or empty")
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise _not_saved(f"`{name}` must be text")
    return Message(*(clean(str(found[name])) for name in FIELDS))


def _health(store: Store, now: float) -> dict[str, Any]:
    queues, neighbours = store.health()
    told = {
        one.name: {
            "failures": one.failures,
            "left_alone_until": _iso(one.blocked_until) if one.blocked_until > now else None,
            "last_error": one.error,
        }
        for one in neighbours
    }
    well = not any(one.failures for one in neighbours)
    return {"status": "ok" if well else "trouble", "queues": queues, **told}


def _iso(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).isoformat()
