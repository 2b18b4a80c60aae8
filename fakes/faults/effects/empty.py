"""An answer without content."""

from __future__ import annotations

from fakes.faults.effect import Around, Effect, Given, Serve
from fakes.serving.wsgi import Environ, Reply


def empty(serve: Serve, _given: Given, _around: Around) -> Serve:
    """The service acts; the answer arrives with its status and headers but without a body."""

    def faulty(environ: Environ) -> Reply:
        return serve(environ).with_body(b"")

    return faulty


EFFECT = Effect(
    "empty",
    empty,
    acts="before",
)
