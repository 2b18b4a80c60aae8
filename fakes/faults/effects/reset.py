"""A connection that is reset."""

from __future__ import annotations

from fakes.faults.effect import Effect, Options, Serve, ServiceContext
from fakes.serving.connection import end_connection
from fakes.serving.wsgi import Environ, Reply


def reset(_serve: Serve, _options: Options, _context: ServiceContext) -> Serve:
    """Resets the connection (TCP RST); the service never sees the request."""

    def faulty(environ: Environ) -> Reply:
        return end_connection(environ, "reset")

    return faulty


EFFECT = Effect(
    "reset",
    reset,
    acts="never",
)
