"""The layer that wraps a service and applies the planned faults to its requests."""

from __future__ import annotations

from fakes.faults.effect import NotApplicable, ServiceContext
from fakes.faults.plan import Plan, PlannedFault
from fakes.serving.wsgi import ACTED_KEY, FAULT_KEY, Environ, Reply, ReplyApp, WSGIApp, replies_of


class Faulty(ReplyApp):
    """A WSGI app that misbehaves as planned. The app behind it is unaware of it."""

    def __init__(self, app: WSGIApp, plan: Plan, context: ServiceContext) -> None:
        self._serve = replies_of(app)
        self._plan = plan
        self._context = context

    def answer(self, environ: Environ) -> Reply:
        """The service's reply, or what a planned fault turns it into."""
        planned = self._plan.take(self._context.service, environ)
        return self._serve(environ) if planned is None else self._apply(planned, environ)

    def _apply(self, planned: PlannedFault, environ: Environ) -> Reply:
        effect = planned.fault.effect
        faulty_serve = effect.apply(self._serve, planned.fault.options, self._context)
        try:
            reply = faulty_serve(environ)
        except NotApplicable as unused:
            self._plan.give_back(planned)
            return unused.reply
        environ[FAULT_KEY] = planned.name
        environ[ACTED_KEY] = effect.acts != "never"
        return reply
