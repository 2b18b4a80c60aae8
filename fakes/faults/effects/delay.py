"""A slow reply."""

from __future__ import annotations

from fakes.faults.effect import Effect, Option, Options, Serve, ServiceContext
from fakes.serving.connection import wait
from fakes.serving.wsgi import Environ, Reply


def delay(serve: Serve, options: Options, _context: ServiceContext) -> Serve:
    """Waits before the service acts. A caller that gives up meanwhile gets no reply; the service acts all the same."""

    def faulty(environ: Environ) -> Reply:
        wait(environ, options["seconds"])
        return serve(environ)

    return faulty


EFFECT = Effect(
    "delay",
    delay,
    acts="after",
    options={"seconds": Option("number", 5, "how long", at_least=0, at_most=3600)},
)
