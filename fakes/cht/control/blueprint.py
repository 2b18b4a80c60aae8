"""The control API of the fake CHT: seed, background passes, timers, documents."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from fakes.cht.control.settings import add_settings_routes
from fakes.cht.control.tasks import add_task_routes
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
        """Start over from a seed.

        Body: {"settings", "credentials", "users", "docs", "earlier_requests", "now", "server"}, any of these

        Answer: {"status": "ok", "docs": number}
        """
        try:
            service.seed(json_body())
        except SeedError as error:
            raise BadRequest(str(error)) from None
        return jsonify(status="ok", docs=len(service.state.docs))

    @routes.post("/run")
    def run() -> Response:
        """One pass of CHT's own background work, now.

        Body: {"pass": "send", "poll", "schedules" or "outbound"}

        Answer: {"status": "ok"}
        """
        name = choice("pass", PASSES)
        service.background.run(name)
        return jsonify(status="ok")

    @routes.put("/timers")
    def timers() -> Response:
        """How often CHT's own gateway looks for texts to send.

        Body: {"sending_every": seconds}

        Answer: {"sending_every": seconds}
        """
        service.background.sending_every = seconds("sending_every", DAY)
        service.background.resume()
        return jsonify(sending_every=service.background.sending_every)

    @routes.get("/docs")
    def docs() -> Response:
        """All documents except designs, settings and translations, without revisions.

        Query: db=medic or sentinel

        Answer: {"docs": [document, ...]}
        """
        name = request.args.get("db", "medic")
        if name not in DATABASES:
            raise BadRequest(f"db: expected one of {', '.join(DATABASES)}, got {name!r}")
        state = service.state
        with state.lock:
            return jsonify(docs=without_revisions(state.sentinel if name == "sentinel" else state.docs))

    @routes.get("/release")
    def release() -> Response:
        """The release, and which of its behaviours are on (docs/cht-releases.md).

        Answer: {"name": text, "behaviours": {name: true or false, ...}}
        """
        return jsonify(name=service.state.release.name, behaviours=service.switch({}))

    @routes.put("/release")
    def switch() -> Response:
        """Switch behaviours on or off.

        Body: {name of a behaviour: true or false, ...}

        Answer: {"name": text, "behaviours": {name: true or false, ...}}
        """
        service.switch(typed_fields(dict.fromkeys(service.switch({}), (bool,))))
        return release()

    @routes.put("/server")
    def server() -> Response:
        """Whether the server is still starting up, and answers with its page about that.

        Body: {"state": "starting" or "ready"}

        Answer: {"state": text}
        """
        state = choice("state", ("starting", "ready"))
        service.state.starting_up = state == "starting"
        return jsonify(state=state)

    add_settings_routes(routes, service)
    add_task_routes(routes, service)
    return routes


def without_revisions(database: Documents) -> list[dict[str, Any]]:
    """All documents except designs, settings and translations, without `_rev`."""
    hidden = ("_design/", "messages-")
    return [
        {key: value for key, value in doc.items() if key != "_rev"}
        for doc in database.all_docs()
        if not doc["_id"].startswith(hidden) and doc["_id"] != "settings"
    ]
