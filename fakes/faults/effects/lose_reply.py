"""A lost reply: the fault that makes careless relays send twice."""

from __future__ import annotations

from fakes.faults.effect import HANG_OPTION, Effect, Option, Options, Serve, ServiceContext
from fakes.serving.connection import ENDING_KINDS, end_connection
from fakes.serving.wsgi import Environ, Reply


def lose_reply(serve: Serve, options: Options, _context: ServiceContext) -> Serve:
    """The service acts, but the caller gets no reply: the connection is closed, reset, or hangs."""

    def faulty(environ: Environ) -> Reply:
        serve(environ)
        return end_connection(environ, options["how"], options["seconds"])

    return faulty


EFFECT = Effect(
    "lose_reply",
    lose_reply,
    acts="before",
    options={
        "how": Option("text", "close", "how the connection ends", choices=ENDING_KINDS),
        "seconds": HANG_OPTION,
    },
)
