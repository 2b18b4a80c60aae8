"""The layer that wraps a service and does to its requests what the plan says."""

from __future__ import annotations

from collections.abc import Iterable

from fakes.faults.effect import Around, DidNothing
from fakes.faults.plan import Plan, Planned
from fakes.ledger import ACTED, FAULT
from fakes.wsgi import Environ, Reply, StartResponse, WSGIApp, call


class Faulty:
    """A WSGI app that misbehaves as planned. The app behind it does not know."""

    def __init__(self, app: WSGIApp, plan: Plan, around: Around) -> None:
        self._app = app
        self._plan = plan
        self._around = around

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        planned = self._plan.take(self._around.service, environ)
        if planned is None:
            return self._app(environ, start_response)
        return self._disturbed(planned, environ).to_wsgi(start_response)

    def _disturbed(self, planned: Planned, environ: Environ) -> Reply:
        effect = planned.fault.effect
        serve = effect.apply(self._serve, planned.fault.given, self._around)
        try:
            reply = serve(environ)
        except DidNothing as nothing:
            self._plan.give_back(planned)
            return nothing.reply
        environ[FAULT] = planned.name
        environ[ACTED] = effect.acts != "never"
        return reply

    def _serve(self, environ: Environ) -> Reply:
        return call(self._app, environ)
