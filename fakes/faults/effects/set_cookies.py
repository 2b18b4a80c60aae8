"""Cookies that nobody asked for."""

from __future__ import annotations

from dataclasses import replace

from fakes.faults.effect import Effect, Option, Options, Serve, ServiceContext
from fakes.serving.wsgi import Environ, Reply


def set_cookies(serve: Serve, options: Options, _context: ServiceContext) -> Serve:
    """The service acts; its reply sets cookies. A client that keeps them sends them along, to this service and perhaps
    to others.
    """

    def faulty(environ: Environ) -> Reply:
        reply = serve(environ)
        cookies = [("Set-Cookie", f"cookie{n}={'c' * options['size']}; Path=/") for n in range(options["count"])]
        return replace(reply, headers=(*reply.headers, *cookies))

    return faulty


EFFECT = Effect(
    "set_cookies",
    set_cookies,
    acts="before",
    options={
        "count": Option("integer", 1, "how many", at_least=1, at_most=100),
        "size": Option("integer", 20, "characters of each", at_least=1, at_most=4000),
    },
)
