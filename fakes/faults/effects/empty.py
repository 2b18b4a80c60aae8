"""A reply without content."""

from __future__ import annotations

from fakes.faults.effect import Effect, Options, Serve, ServiceContext
from fakes.serving.wsgi import Environ, Reply


def empty(serve: Serve, _options: Options, _context: ServiceContext) -> Serve:
    """The service acts; its reply arrives with status and headers but without a body."""

    def faulty(environ: Environ) -> Reply:
        return serve(environ).with_body(b"")

    return faulty


EFFECT = Effect(
    "empty",
    empty,
    acts="before",
)
