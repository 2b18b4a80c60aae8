"""An answer that breaks off."""

from __future__ import annotations

from dataclasses import replace

from fakes.faults.effect import Around, Effect, Given, Option, Serve
from fakes.serving.wsgi import NO_REPLY, Environ, Reply


def truncate(serve: Serve, given: Given, _around: Around) -> Serve:
    """The service acts; its answer breaks off in the middle of the body, under the full Content-Length."""

    def faulty(environ: Environ) -> Reply:
        reply = serve(environ)
        length = max(1, len(reply.body))  # an empty answer cannot be shortened, but it can promise more
        kept = min(int(len(reply.body) * given["keep"]), length - 1)
        environ[NO_REPLY] = True
        return replace(reply.with_header("Content-Length", str(length)), body=reply.body[:kept])

    return faulty


EFFECT = Effect(
    "truncate",
    truncate,
    acts="before",
    options={"keep": Option("number", 0.5, "the share of the body that arrives", at_least=0, at_most=1)},
)
