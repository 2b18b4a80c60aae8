"""A connection on which nothing arrives."""

from __future__ import annotations

from fakes.faults.effect import HANG_OPTION, Effect, Options, Serve, ServiceContext
from fakes.serving.connection import end_connection
from fakes.serving.wsgi import Environ, Reply


def hang(_serve: Serve, options: Options, _context: ServiceContext) -> Serve:
    """The connection stays open without a reply and closes in the end; the service never sees the request."""

    def faulty(environ: Environ) -> Reply:
        return end_connection(environ, "hang", options["seconds"])

    return faulty


EFFECT = Effect(
    "hang",
    hang,
    acts="never",
    options={"seconds": HANG_OPTION},
)
