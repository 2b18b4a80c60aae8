"""A reply that never seems to end."""

from __future__ import annotations

from fakes.faults.effect import Effect, Option, Options, Serve, ServiceContext
from fakes.serving.connection import DRIP_PARTS, drip_reply
from fakes.serving.wsgi import Environ, Reply


def drip(serve: Serve, options: Options, _context: ServiceContext) -> Serve:
    """The service acts; its reply arrives a byte at a time, or after one interim response (102) after the other.

    In process nothing drips: the reply takes the whole time, and a caller gives up when its timeout has passed.
    """

    def faulty(environ: Environ) -> Reply:
        return drip_reply(environ, serve(environ), options["part"], options["seconds"])

    return faulty


EFFECT = Effect(
    "drip",
    drip,
    acts="before",
    options={
        "part": Option("text", "body", "what arrives slowly; interim: what comes before the reply", choices=DRIP_PARTS),
        "seconds": Option("number", 600, "how long the slow part takes", at_least=0, at_most=86400),
    },
)
