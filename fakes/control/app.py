"""The control API: clock, faults, ledger, reset, metrics, and each service's own part. Without faults and ledger."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge

from fakes.assembly import Fakes
from fakes.control.channel_settings import ChannelSettings
from fakes.control.clock.driver import TimeDriver
from fakes.control.clock.next_thing import virtual_driver
from fakes.control.clock.routes import clock_routes, clock_state
from fakes.control.events.hub import EventHub
from fakes.control.events.routes import event_routes
from fakes.control.fault_choices import fault_choices
from fakes.control.ledger import ledger_routes
from fakes.control.local_only import LocalOnly
from fakes.control.metrics import CONTENT_TYPE, as_text
from fakes.control.route_list import routes_of
from fakes.faults import FaultError, parse_faults
from fakes.service import SeedError
from fakes.serving.json_fields import json_body
from fakes.serving.wsgi import WSGIApp

BODY_LIMIT = 10 * 1024 * 1024
SEED_LIMIT = 64 * 1024 * 1024
AGGREGATOR_CALLS = "/rapidpro/c/"
"""Where aggregators call the fake RapidPro, some of them with forms."""
NO_ADDRESSES: Mapping[str, str] = MappingProxyType({})


def control_app(
    fakes: Fakes,
    addresses: Mapping[str, str] = NO_ADDRESSES,
    *,
    driver: TimeDriver | None = None,
    further: Sequence[Blueprint] = (),
    versions: Callable[[], Mapping[str, object]] = dict,
) -> WSGIApp:
    """The WSGI app of the control API over `fakes`, for callers on this machine only.

    `addresses` are the URLs of the services by name; empty for services in this process only. `driver` moves virtual
    time, if it shall move more than the fakes. `further` are routes of others, and `versions` of their state.
    """
    driver = driver or virtual_driver(fakes)
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined] # exists in Flask's default provider
    app.before_request(_limit_body)
    app.register_error_handler(Exception, _error_reply)
    app.register_blueprint(_general_routes(fakes, addresses, lambda: routes_of(app)))
    app.register_blueprint(clock_routes(fakes, driver))
    app.register_blueprint(event_routes(EventHub(fakes, lambda: clock_state(fakes, driver), versions)))
    app.register_blueprint(_fault_routes(fakes, ChannelSettings(app.wsgi_app)))
    app.register_blueprint(fault_choices())
    app.register_blueprint(ledger_routes(fakes))
    for name, routes in fakes.routes.items():
        app.register_blueprint(routes(), url_prefix=f"/{name}")
    for routes_of_others in further:
        app.register_blueprint(routes_of_others)
    return LocalOnly(app.wsgi_app, form_calls=AGGREGATOR_CALLS)


def _general_routes(
    fakes: Fakes, addresses: Mapping[str, str], list_of_routes: Callable[[], list[dict[str, Any]]]
) -> Blueprint:
    routes = Blueprint("general", __name__)

    @routes.get("/")
    def index() -> Response:
        """This list.

        Answer: {"routes": [{"method", "path", "purpose", "query", "body", "answer"}, ...]}
        """
        return jsonify(routes=list_of_routes())

    @routes.get("/health")
    def health() -> Response:
        """Which services run, and where.

        Answer: {"status": "ok", "services": [name, ...], and the URL of each service by its name}
        """
        return jsonify(
            status="ok",
            services=list(fakes.services),
            **{name: addresses[name] for name in fakes.services if name in addresses},
        )

    @routes.get("/metrics")
    def metrics() -> Response:
        """Metrics of the fakes.

        Answer: the text format of Prometheus
        """
        return Response(as_text(fakes), content_type=CONTENT_TYPE)

    @routes.post("/reset")
    def reset() -> Response:
        """Set state, faults and ledger back to the seed. The clock and the numbers of exchanges go on.

        Answer: {"status": "ok"}
        """
        fakes.reset()
        return jsonify(status="ok")

    return routes


def _fault_routes(fakes: Fakes, channel: ChannelSettings) -> Blueprint:
    routes = Blueprint("faults", __name__)

    @routes.get("/faults")
    def planned() -> Response:
        """The planned faults, and how often each was used.

        Answer: {"faults": [{"id": number, "service", "effect", "with", "match", "skip", "times", "share",
        "from_seconds", "for_seconds", "seed", "used": number, "remaining": number or null, "unused": true or false},
        ...]}
        """
        return jsonify(faults=[fault.as_json() for fault in fakes.plan])

    @routes.post("/faults")
    def plan() -> tuple[Response, int]:
        """Plan faults; 400 with the known names for an unknown effect, field or preset.

        Body: a fault, {"preset": name} with fields that change it, or a list of these (docs/faults.md)

        Answer: {"faults": [the new faults, as above], "channel": {the changed settings of RapidPro's channel}}
        """
        faults, settings = parse_faults(json_body())
        channel.change(settings)  # may be refused; then nothing is planned
        return jsonify(faults=[fault.as_json() for fault in fakes.plan.add(*faults)], channel=dict(settings)), 201

    @routes.delete("/faults")
    def clear() -> Response:
        """Remove all faults, and restore the channel settings that presets changed.

        Answer: {"removed": number}
        """
        removed = len(fakes.plan)
        fakes.plan.clear()
        channel.restore()
        return jsonify(removed=removed)

    @routes.delete("/faults/<int:number>")
    def remove(number: int) -> Response:
        """Remove one fault; 404 if there is none with this number.

        Answer: {"removed": 1}
        """
        try:
            fakes.plan.remove(number)
        except FaultError as error:
            raise NotFound(str(error)) from None
        return jsonify(removed=1)

    return routes


def _limit_body() -> None:
    limit = SEED_LIMIT if request.path.endswith("/seed") else BODY_LIMIT
    request.max_content_length = limit
    if (request.content_length or 0) > limit:
        while request.environ["wsgi.input"].read(1_048_576):  # a caller that is still sending would not see the reply
            pass
        raise RequestEntityTooLarge(f"expected a body of at most {limit} bytes, got {request.content_length}")


def _error_reply(failure: Exception) -> tuple[Response, int]:
    if isinstance(failure, (FaultError, SeedError)):
        return jsonify(error=str(failure)), 400
    if isinstance(failure, HTTPException):
        return jsonify(error=failure.description or failure.name), failure.code or 500
    traceback.print_exception(failure, file=sys.stderr)
    return jsonify(error=f"internal error of the fakes: {type(failure).__name__}: {failure}"), 500
