"""A reply that is cut off."""

from __future__ import annotations

from dataclasses import replace

from fakes.faults.effect import Effect, Option, Options, Serve, ServiceContext
from fakes.serving.wsgi import NO_REPLY_KEY, Environ, Reply


def truncate(serve: Serve, options: Options, _context: ServiceContext) -> Serve:
    """The service acts; the body of its reply is cut off, under the full Content-Length."""

    def faulty(environ: Environ) -> Reply:
        reply = serve(environ)
        length = max(1, len(reply.body))  # an empty body cannot be shortened, but its length can be overstated
        kept = min(int(len(reply.body) * options["keep"]), length - 1)
        environ[NO_REPLY_KEY] = True
        return replace(reply.with_header("Content-Length", str(length)), body=reply.body[:kept])

    return faulty


EFFECT = Effect(
    "truncate",
    truncate,
    acts="before",
    options={"keep": Option("number", 0.5, "the share of the body that arrives", at_least=0, at_most=1)},
)
