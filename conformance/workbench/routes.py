"""The workbench's own part of the control API: what the checks find, and the session."""

from __future__ import annotations

import json

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import Conflict

from conformance.workbench.checks import LiveChecks
from conformance.workbench.export.exporting import KINDS, Exporter
from conformance.workbench.export.pytest_test import NotAsTest
from fakes.serving.json_fields import choice


def workbench_routes(checks: LiveChecks, exporter: Exporter) -> Blueprint:
    """The routes, to be mounted beside those of the fakes."""
    routes = Blueprint("workbench", __name__)

    @routes.get("/checks")
    def found() -> Response:
        """What the checks find so far. A text that may still arrive is `waiting`: until nothing has changed for long.
        `judged`: whether nothing waits. `problem`: why not all can be judged.

        Answer: {"violations": [{"kind", "level": "must", "should", "may" or "waiting", "sentence", "seqs": [numbers of
        exchanges], "number": phone number or null}, ...], "judged": true or false, "problem": text or null}
        """
        return jsonify(checks.now())

    @routes.get("/session")
    def session() -> Response:
        """What was done since the start or the last reset, and what came of it, without secrets. `missing` are
        sentences about what is not in it. `relay-harness replay` plays it.

        Answer: {"kind": "session", "version": 1, "profile", "cht_release", "seed", "poll_seconds", "began", "ended",
        "missing": [text, ...], "actions": [{"at", "to", "method", "path", "query", "headers", "json"}, ...], "outcome":
        {...} or null}
        """
        return jsonify(exporter.session().as_json())

    @routes.post("/session/export")
    def export() -> Response:
        """The session as a file: for `relay-harness replay`, as a test with pytest, or as a report with the ladder.

        Body: {"as": "scenario", "pytest" or "report"}

        Answer: the file
        """
        kind = choice("as", tuple(KINDS))
        try:
            name, content_type, content = exporter.export(kind)
        except NotAsTest as reason:
            raise Conflict(str(reason)) from None
        headers = {"Content-Disposition": f"attachment; filename={json.dumps(name)}"}
        return Response(content, content_type=content_type, headers=headers)

    return routes
