"""Slowness."""

from __future__ import annotations

from fakes.faults.effect import Around, Effect, Given, Option, Serve
from fakes.serving.connection import wait
from fakes.serving.wsgi import Environ, Reply


def delay(serve: Serve, given: Given, _around: Around) -> Serve:
    """Waits before the service acts. A caller that gives up meanwhile never learns; the service acts all the same."""

    def faulty(environ: Environ) -> Reply:
        wait(environ, given["seconds"])
        return serve(environ)

    return faulty


EFFECT = Effect(
    "delay",
    delay,
    acts="after",
    options={"seconds": Option("number", 5, "how long", at_least=0, at_most=3600)},
)
