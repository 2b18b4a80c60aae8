"""The control API of the fake CHT: seed, background passes, timers, documents."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from fakes.cht.couch.documents import Documents
from fakes.cht.service import Cht
from fakes.service import SeedError
from fakes.serving.json_fields import choice, json_body, seconds, typed_fields

PASSES = ("send", "poll", "schedules", "outbound")
DATABASES = ("medic", "sentinel")
DAY = 86_400.0


def control_blueprint(service: Cht) -> Blueprint:
    """The routes, to be mounted at `/cht`."""
    routes = Blueprint("cht", __name__)

    @routes.post("/seed")
    def seed() -> Response:
        try:
            service.seed(json_body())
        except SeedError as error:
            raise BadRequest(str(error)) from None
        return jsonify(status="ok", docs=len(service.state.docs))

    @routes.post("/run")
    def run() -> Response:
        name = choice("pass", PASSES)
        service.background.run(name)
        return jsonify(status="ok")

    @routes.put("/timers")
    def timers() -> Response:
        service.background.sending_every = seconds("sending_every", DAY)
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

    @routes.get("/release")
    def release() -> Response:
        return jsonify(name=service.state.release.name, behaviours=service.switch({}))

    @routes.put("/release")
    def switch() -> Response:
        service.switch(typed_fields(dict.fromkeys(service.switch({}), (bool,))))
        return release()

    @routes.put("/server")
    def server() -> Response:
        state = choice("state", ("starting", "ready"))
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
