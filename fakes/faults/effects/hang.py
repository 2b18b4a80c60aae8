"""Silence."""

from __future__ import annotations

from fakes.faults.effect import Around, Effect, Given, Option, Serve
from fakes.serving.connection import end
from fakes.serving.wsgi import Environ, Reply


def hang(_serve: Serve, given: Given, _around: Around) -> Serve:
    """The connection stays open and nothing comes, until it closes at last; the service never learns."""

    def faulty(environ: Environ) -> Reply:
        return end(environ, "hang", given["seconds"])

    return faulty


EFFECT = Effect(
    "hang",
    hang,
    acts="never",
    options={"seconds": Option("number", 3600, "how long, then the connection closes", at_least=0, at_most=86400)},
)
