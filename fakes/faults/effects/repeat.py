"""A request that arrives twice."""

from __future__ import annotations

import io

from fakes.faults.effect import Effect, Options, Serve, ServiceContext
from fakes.serving.wsgi import Environ, Reply, read_body

BODY_LIMIT = 64 * 1024 * 1024


def repeat(serve: Serve, _options: Options, _context: ServiceContext) -> Serve:
    """The service gets the request twice and acts twice, as when a proxy retries; the caller gets the second reply."""

    def faulty(environ: Environ) -> Reply:
        body = read_body(environ, BODY_LIMIT)
        serve({**environ, "wsgi.input": io.BytesIO(body)})
        return serve({**environ, "wsgi.input": io.BytesIO(body)})

    return faulty


EFFECT = Effect(
    "repeat",
    repeat,
    acts="before",
)
