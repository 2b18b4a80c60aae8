"""The control API of the fake CHT: reset from a seed, run one background pass, set its timers, read all documents."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from fakes.cht.couch.documents import Documents
from fakes.cht.service import Cht
from fakes.service import SeedError

PASSES = ("send", "poll", "schedules", "outbound")
DATABASES = ("medic", "sentinel")


def control_blueprint(service: Cht) -> Blueprint:
    """Routes to be mounted at `/cht`."""
    routes = Blueprint("cht", __name__)

    @routes.post("/seed")
    def seed() -> Response:
        try:
            service.seed(request.get_json(force=True))
        except SeedError as fault:
            raise BadRequest(str(fault)) from None
        return jsonify(status="ok", docs=len(service.state.docs))

    @routes.post("/run")
    def run() -> Response:
        name = _field("pass", PASSES)
        service.background.run(name)
        return jsonify(status="ok")

    @routes.put("/timers")
    def timers() -> Response:
        service.background.sending_every = _seconds("sending_every")
        service.background.resume()
        return jsonify(sending_every=service.background.sending_every)

    @routes.get("/docs")
    def docs() -> Response:
        name = request.args.get("db", "medic")
        if name not in DATABASES:
            raise BadRequest(f"db: expected one of {', '.join(DATABASES)}, got {name!r}")
        state = service.state
        with state.lock:
            return jsonify(docs=without_revisions(state.sentinel if name == "sentinel" else state.docs))

    @routes.put("/server")
    def server() -> Response:
        state = _field("state", ("starting", "ready"))
        service.state.starting_up = state == "starting"
        return jsonify(state=state)

    return routes


def without_revisions(database: Documents) -> list[dict[str, Any]]:
    """All documents except designs, settings and translations, without `_rev`."""
    hidden = ("_design/", "messages-")
    return [
        {key: value for key, value in doc.items() if key != "_rev"}
        for doc in database.all_docs()
        if not doc["_id"].startswith(hidden) and doc["_id"] != "settings"
    ]


def _field(name: str, allowed: tuple[str, ...]) -> str:
    body = request.get_json(force=True)
    value = body.get(name) if isinstance(body, dict) else None
    if value not in allowed:
        raise BadRequest(f"{name}: expected one of {', '.join(allowed)}, got {value!r}")
    return str(value)


def _seconds(field: str) -> float:
    body = request.get_json(force=True)
    value = body.get(field) if isinstance(body, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 86_400:
        raise BadRequest(f"{field}: expected seconds, above 0 and at most a day, got {value!r}")
    return float(value)
