"""A reply that cannot be parsed."""

from __future__ import annotations

from fakes.faults.effect import Effect, Option, Options, Serve, ServiceContext
from fakes.serving.wsgi import Environ, Reply


def garble(serve: Serve, options: Options, _context: ServiceContext) -> Serve:
    """The service acts; its reply has the length it declares but is not valid JSON: cut off, or noise."""

    def faulty(environ: Environ) -> Reply:
        reply = serve(environ)
        if options["how"] == "cut":
            return reply.with_body(reply.body[: len(reply.body) // 2] or b"{")
        return reply.with_body(bytes(0x80 | (byte ^ 0x55) for byte in reply.body) or b"\xff")

    return faulty


EFFECT = Effect(
    "garble",
    garble,
    acts="before",
    options={"how": Option("text", "noise", "cut in the middle, or bytes that are not text", choices=("cut", "noise"))},
)
