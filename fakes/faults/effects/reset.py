"""A connection torn down."""

from __future__ import annotations

from fakes.faults.effect import Around, Effect, Given, Serve
from fakes.serving.connection import end
from fakes.serving.wsgi import Environ, Reply


def reset(_serve: Serve, _given: Given, _around: Around) -> Serve:
    """Resets the connection (TCP RST); the service never learns of the request."""

    def faulty(environ: Environ) -> Reply:
        return end(environ, "reset")

    return faulty


EFFECT = Effect(
    "reset",
    reset,
    acts="never",
)
