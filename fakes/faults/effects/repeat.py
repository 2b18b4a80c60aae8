"""A request that arrives twice."""

from __future__ import annotations

import io

from fakes.faults.effect import Around, Effect, Given, Serve
from fakes.serving.wsgi import Environ, Reply, read_body

LIMIT = 64 * 1024 * 1024


def repeat(serve: Serve, _given: Given, _around: Around) -> Serve:
    """The service gets the request twice and acts twice, as when a proxy tries again; the second answer is given."""

    def faulty(environ: Environ) -> Reply:
        body = read_body(environ, LIMIT)
        serve({**environ, "wsgi.input": io.BytesIO(body)})
        return serve({**environ, "wsgi.input": io.BytesIO(body)})

    return faulty


EFFECT = Effect(
    "repeat",
    repeat,
    acts="before",
)
