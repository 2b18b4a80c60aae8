"""Peers in Python: a WSGI callable that does nothing, and a Flask app that does the same stateful job as the fake."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, abort, jsonify, request

from fakes.serving.wsgi import Environ, StartResponse

BODY = b"{}"


def bare(_environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer every request with an empty object: the cost of the server alone."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))])
    return [BODY]


def flask_app(token: str) -> Flask:
    """Takes broadcasts and lists their messages, in the shapes of RapidPro; without ledger, throttle or faults."""
    app = Flask("peer")
    ids = itertools.count(1)
    messages: dict[str, list[dict[str, Any]]] = {}

    @app.before_request
    def _check_token() -> None:
        if request.headers.get("Authorization") != f"Token {token}":
            abort(403)

    @app.post("/api/v2/broadcasts.json")
    def _send() -> tuple[Response, int]:
        body = request.get_json()
        reference, now = next(ids), datetime.now(UTC).isoformat()
        messages[str(reference)] = list(_messages(reference, body, now))
        return jsonify({"id": reference, "status": "queued", "created_on": now, **body}), 201

    @app.get("/api/v2/messages.json")
    def _look_up() -> Response:
        return jsonify({"next": None, "previous": None, "results": messages.get(request.args["broadcast"], [])})

    return app


def _messages(reference: int, body: dict[str, Any], now: str) -> Iterator[dict[str, Any]]:
    for urn in body["urns"]:
        yield {
            "id": reference,
            "broadcast": reference,
            "urn": urn,
            "direction": "out",
            "status": "queued",
            "text": body["text"],
            "created_on": now,
            "modified_on": now,
        }
