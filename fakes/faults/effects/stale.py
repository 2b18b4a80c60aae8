"""An outdated reply, as from a cache."""

from __future__ import annotations

from fakes.faults.effect import Effect, NotApplicable, Options, Serve, ServiceContext
from fakes.serving.wsgi import Environ, Reply


def stale(serve: Serve, _options: Options, context: ServiceContext) -> Serve:
    """Repeats the first reply to an equal request (method, path, query, body); the service never sees the request.

    Without such a reply in the ledger, nothing changes and the fault stays unused.
    """

    def faulty(environ: Environ) -> Reply:
        earlier = context.earlier_reply(environ)
        if earlier is None:
            raise NotApplicable(serve(environ))
        return earlier

    return faulty


EFFECT = Effect(
    "stale",
    stale,
    acts="never",
)
