"""An answer from a cache."""

from __future__ import annotations

from fakes.faults.effect import Around, DidNothing, Effect, Given, Serve
from fakes.serving.wsgi import Environ, Reply


def stale(serve: Serve, _given: Given, around: Around) -> Serve:
    """Gives the first answer that an equal request (method, path, query, body) ever got; the service never learns.

    Without such an answer it does nothing and stays unused.
    """

    def faulty(environ: Environ) -> Reply:
        earlier = around.earlier(environ)
        if earlier is None:
            raise DidNothing(serve(environ))
        return earlier

    return faulty


EFFECT = Effect(
    "stale",
    stale,
    acts="never",
)
