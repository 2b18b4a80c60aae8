"""A service that is down."""

from __future__ import annotations

from fakes.faults.effect import HANG_OPTION, Effect, Option, Options, Serve, ServiceContext
from fakes.serving.connection import ENDING_KINDS, end_connection
from fakes.serving.wsgi import Environ, Reply


def outage(_serve: Serve, options: Options, _context: ServiceContext) -> Serve:
    """Every request fails until the outage ends: 503 from a proxy, or no reply; the service never sees the request."""
    page = b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>\n"

    def faulty(environ: Environ) -> Reply:
        if options["how"] == "refuse":
            return Reply.of(503, "text/html", page)
        return end_connection(environ, options["how"], options["seconds"])

    return faulty


EFFECT = Effect(
    "outage",
    outage,
    acts="never",
    options={
        "how": Option("text", "refuse", "what the caller sees", choices=("refuse", *ENDING_KINDS)),
        "seconds": HANG_OPTION,
    },
    lasting=True,
)
