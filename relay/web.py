"""The web app: it takes texts from RapidPro, answering like CHT Core, and shows an operator /health and /metrics.

CHT Core's answers are in cht-core api/src/controllers/rapidpro.js.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, RequestEntityTooLarge

from relay.database import ERRORS, MAX_CALLERS, first_line
from relay.http_client import Calls, steady
from relay.models import Message, sanitize
from relay.settings import Settings
from relay.store import WebStore

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
        # Deprecated, but with its default the loop that waits for connections takes the processor from the threads that
        # answer: with 100 connections a text took a second, not 70 milliseconds.
        "send_bytes": 64 * 1024,
        "channel_timeout": 30,
        "cleanup_interval": 5,
        "max_request_header_size": 16 * 1024,
        "max_request_body_size": MAX_BODY_BYTES,
    }
)
"""How waitress serves the app. Idle connections are closed after `channel_timeout` seconds."""
Answer = tuple[dict[str, Any], int]
"""What becomes JSON, and the status."""
STALE_SECONDS = 900
"""A text that waits longer is trouble."""
STILL_SECONDS = 180
"""The workers use the database more often, even if there is nothing to do and even if each call takes long."""


class Standstill:
    """A block that fails with a database error is logged when that begins and when it is over, not each time."""

    def __init__(self, log: Any) -> None:
        self._log, self.cause = log, ""

    def __enter__(self) -> None: ...

    def __exit__(self, _: Any, error: BaseException | None, __: Any) -> None:
        cause = f"{type(error).__name__}: {first_line(error)}" if isinstance(error, ERRORS) else ""
        if bool(cause) != bool(self.cause):
            self._log.warning("stands_still" if cause else "works_again", what="database", cause=cause)
        self.cause = cause


def create_app(
    settings: Settings,
    store: WebStore,
    now: Callable[[], float],
    worked_at: Callable[[], float],
    wake: Callable[[], None],
    log: Any,
    calls: Calls,
) -> Flask:
    """The Flask app. It calls `wake` when there is new work. `worked_at`: when, by `steady`, all workers had worked."""
    app = Flask("relay", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    database = Standstill(log)

    def receive() -> dict[str, int]:
        _authorize(request.headers.get("Authorization", ""), settings.incoming_token)
        message = _parse_message(request.get_data())
        with database:
            stored = store.add_incoming(message, now())
        if not stored:
            raise _not_saved("another message has this `id`; each message needs its own")
        log.info("received", id=message.id)
        wake()
        return {"saved": 1}

    @app.get("/health")
    def health() -> Answer:
        body = report(store, database, calls, now(), worked_at())
        return body, 503 if body["status"] == "stopped" else 200

    @app.get("/metrics")
    def show_metrics() -> Response:
        text = metrics(report(store, database, calls, now(), worked_at()), calls)
        return Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)

    for path in INCOMING_PATHS:
        app.add_url_rule(path, path, receive, methods=["POST"])

    @app.after_request
    def count(response: Response) -> Response:
        calls.count("relay", str(request.endpoint), str(response.status_code))
        return response

    @app.errorhandler(Exception)
    def handle_error(error: Exception) -> Answer:
        status, message = 500, "Server error"
        if isinstance(error, ERRORS):
            status, message = 503, "Message was not saved in time: the database stands still, send it again later"
        elif isinstance(error, RequestEntityTooLarge):
            status, message = 413, f"Message was not saved: the body is larger than {MAX_BODY_BYTES} bytes"
        elif isinstance(error, HTTPException):
            status, message = error.code or 500, error.description or error.name
        else:
            log.error("server_error", cause=type(error).__name__)
        return {"code": status, "error": message}, status

    return app


def report(store: WebStore, database: Standstill, calls: Calls, now: float, worked_at: float) -> dict[str, Any]:
    """The answer of /health. `stopped`: the database cannot be written, or nobody works."""
    try:
        with database:
            queues, oldest, neighbours = store.health()
    except ERRORS:
        return {"status": "stopped", "cause": database.cause}
    ages = {name: max(now - since, 0.0) if since else 0.0 for name, since in oldest.items()}
    trouble = max(ages.values()) > STALE_SECONDS or any(neighbour.failures for neighbour in neighbours)
    stopped = steady() - worked_at > STILL_SECONDS
    status = "stopped" if stopped else "trouble" if trouble else "ok"
    return {"status": status, "queues": queues, "quota_left": calls.quota_left()} | {
        neighbour.name: {
            **neighbour._asdict(),
            "left_alone_until": _iso(neighbour.blocked_until, now),
            "last_success": _iso(neighbour.succeeded_at, 0),
            "oldest_text_seconds": ages[neighbour.name],
        }
        for neighbour in neighbours
    }


def metrics(report: Mapping[str, Any], calls: Calls) -> bytes:
    """Every number of /health, and the counts of calls, in Prometheus's text format."""
    registry = CollectorRegistry()
    numbers = Gauge("relay_health", "The numbers of /health.", ["part", "name"], registry=registry)
    for part, values in {**report, "status": {report["status"]: 1}}.items():
        for name, value in values.items() if isinstance(values, dict) else ():
            if isinstance(value, int | float):
                numbers.labels(part, name).set(value)
    return generate_latest(registry) + generate_latest(calls.registry)


def _not_saved(reason: str) -> BadRequest:
    return BadRequest(f"Message was not saved: {reason}")


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
    id_, phone, content = (sanitize(str(fields[name])) for name in LIMITS)
    return Message(id_, phone, content)


def _phone(sender: str) -> str:
    """The number in a `tel:` URN, as `@contact.urn` gives it in a flow; a number or short code as it is."""
    scheme, colon, path = sender.partition(":")
    if colon and scheme.strip().lower() != "tel":
        raise _not_saved(f"`from` must be a phone number, not an address of the kind `{scheme[:20]}`")
    return re.split("[?#]", path)[0] if colon else sender


def _iso(timestamp: float, after: float) -> str | None:
    return datetime.fromtimestamp(timestamp, UTC).isoformat() if timestamp > after else None
