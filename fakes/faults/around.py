"""The layer that wraps a service and does to its requests what the plan says."""

from __future__ import annotations

from fakes.faults.effect import Around, DidNothing
from fakes.faults.plan import Plan, Planned
from fakes.serving.wsgi import ACTED, FAULT, Answers, Environ, Reply, WSGIApp, call


class Faulty(Answers):
    """A WSGI app that misbehaves as planned. The app behind it does not know."""

    def __init__(self, app: WSGIApp, plan: Plan, around: Around) -> None:
        self._app = app
        self._plan = plan
        self._around = around

    def answer(self, environ: Environ) -> Reply:
        """The service's answer, or what a planned fault makes of it."""
        planned = self._plan.take(self._around.service, environ)
        return call(self._app, environ) if planned is None else self._disturbed(planned, environ)

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
