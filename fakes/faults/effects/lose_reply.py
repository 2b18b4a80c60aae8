"""An answer lost on its way: the fault that makes careless relays send twice."""

from __future__ import annotations

from fakes.faults.effect import Around, Effect, Given, Option, Serve
from fakes.serving.connection import HOWS, end
from fakes.serving.wsgi import Environ, Reply


def lose_reply(serve: Serve, given: Given, _around: Around) -> Serve:
    """The service acts; the caller never learns: the connection is closed, reset, or hangs instead of the answer."""

    def faulty(environ: Environ) -> Reply:
        serve(environ)
        return end(environ, given["how"], given["seconds"])

    return faulty


EFFECT = Effect(
    "lose_reply",
    lose_reply,
    acts="before",
    options={
        "how": Option("text", "close", "what the caller sees instead", choices=HOWS),
        "seconds": Option(
            "number", 3600, "how long a hang lasts, then the connection closes", at_least=0, at_most=86400
        ),
    },
)
