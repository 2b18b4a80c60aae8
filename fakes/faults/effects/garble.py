"""An answer that cannot be read."""

from __future__ import annotations

from fakes.faults.effect import Around, Effect, Given, Option, Serve
from fakes.serving.wsgi import Environ, Reply


def garble(serve: Serve, given: Given, _around: Around) -> Serve:
    """The service acts; what arrives is complete by its length but no JSON: cut off, or noise."""

    def faulty(environ: Environ) -> Reply:
        reply = serve(environ)
        if given["how"] == "cut":
            return reply.with_body(reply.body[: len(reply.body) // 2] or b"{")
        return reply.with_body(bytes(0x80 | (byte ^ 0x55) for byte in reply.body) or b"\xff")

    return faulty


EFFECT = Effect(
    "garble",
    garble,
    acts="before",
    options={"how": Option("text", "noise", "cut in the middle, or bytes that are no text", choices=("cut", "noise"))},
)
