"""The routes of the clock."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import BadRequest, Conflict

from fakes.assembly import Fakes
from fakes.clock import format_moment
from fakes.control.clock.driver import TimeDriver
from fakes.control.clock.next_thing import due_next, go_to_next
from fakes.serving.json_fields import json_object

MAX_ADVANCE_SECONDS = 10 * 366 * 86400.0
FASTEST = 1_000_000.0
"""Virtual seconds a real second. How much of it can be kept up depends on what is to be done."""


def clock_state(fakes: Fakes, driver: TimeDriver | None) -> dict[str, Any]:
    """What `GET /clock` answers."""
    found = {"now": format_moment(fakes.clock.now()), "kind": fakes.clock.kind}
    if driver is None:
        return {**found, "running": True, "speed": 1.0, "problem": None}
    problem = None if driver.failure is None else f"the clock was stopped: {driver.failure}"
    return {**found, "running": driver.running, "speed": driver.speed, "problem": problem}


def clock_routes(fakes: Fakes, driver: TimeDriver | None) -> Blueprint:
    """The routes; without a driver time is real."""
    routes = Blueprint("clock", __name__)

    @routes.get("/clock")
    def now() -> Response:
        """The time of both services. `problem` says why a running clock was stopped.

        Answer: {"now": ISO time, "kind": "system" or "virtual", "running": true or false, "speed": virtual seconds a
        real second, "problem": text or null}
        """
        return jsonify(clock_state(fakes, driver))

    @routes.put("/clock")
    def run() -> Response:
        """Let virtual time run at a speed, or stand still. Under load it may be slower. 409 in real time.

        Body: {"running": true or false, "speed": number above 0, at most 1000000}, one or both

        Answer: {"now", "kind", "running", "speed", "problem"} as above
        """
        moved = _virtual(driver)
        body = json_object()
        running, speed = body.get("running", moved.running), body.get("speed", moved.speed)
        if not isinstance(running, bool) or not body.keys() & {"running", "speed"}:
            raise BadRequest(f'expected "running" (true or false) or "speed" (a number), got {body!r}')
        if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0 < speed <= FASTEST:
            raise BadRequest(f"speed: expected a number above 0, at most {FASTEST:.0f}, got {speed!r}")
        moved.run(running, float(speed))
        return now()

    @routes.post("/clock/advance")
    def advance() -> Response:
        """Let virtual time pass; whatever is due happens before the answer. 409 in real time.

        Body: {"seconds": number from 0}

        Answer: {"now", "kind", "running", "speed", "problem"} as above
        """
        moved = _virtual(driver)
        seconds = json_object().get("seconds")
        if (
            isinstance(seconds, bool)
            or not isinstance(seconds, (int, float))
            or not 0 <= seconds <= MAX_ADVANCE_SECONDS
        ):
            raise BadRequest(f"seconds: expected a number from 0 to {MAX_ADVANCE_SECONDS:.0f}, got {seconds!r}")
        moved.advance(seconds)
        return now()

    @routes.get("/clock/next")
    def next_due() -> Response:
        """What is due next in virtual time; nulls if nothing is. 409 in real time.

        Answer: {"at": ISO time or null, "what": text or null}
        """
        return jsonify(due_next(_virtual(driver)))

    @routes.post("/clock/next")
    def go_on() -> Response:
        """Let virtual time pass until something happens: a text, a state, a document, a call that brings something or
        fails; at most a week, and at most 10 real seconds. Polls in which nothing is new are passed over. 409 in real
        time.

        Answer: {"now", "kind", "running", "speed", "problem", "happened": true or false, "what": text or null}
        """
        what = go_to_next(fakes, _virtual(driver))
        return jsonify(**clock_state(fakes, driver), happened=what is not None, what=what)

    return routes


def _virtual(driver: TimeDriver | None) -> TimeDriver:
    if driver is None:
        raise Conflict(
            "time is real here and nobody moves it: start `relay-harness up` with the reference relay, or the fakes "
            "with --clock virtual"
        )
    return driver
