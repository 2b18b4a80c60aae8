"""A deed that is done late: the fault that makes relays send twice which give up waiting and look only once."""

from __future__ import annotations

import io

from fakes.faults.effect import Effect, Option, Options, Serve, ServiceContext
from fakes.serving.connection import end_connection
from fakes.serving.wsgi import Environ, Reply, read_body

BODY_LIMIT = 64 * 1024 * 1024


def act_late(serve: Serve, options: Options, context: ServiceContext) -> Serve:
    """The caller waits in vain, and the service acts later: as when a request waits in a queue behind a proxy."""

    def faulty(environ: Environ) -> Reply:
        body = read_body(environ, BODY_LIMIT)

        def act() -> None:
            serve({**environ, "wsgi.input": io.BytesIO(body)})

        context.later(options["seconds"], act)
        return end_connection(environ, "hang", options["seconds"])

    return faulty


EFFECT = Effect(
    "act_late",
    act_late,
    acts="before",
    options={"seconds": Option("number", 30, "seconds until the service acts", at_least=0, at_most=3600)},
)
