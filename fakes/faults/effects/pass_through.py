"""The effect that changes nothing: the first example, and a way to test what a fault matches."""

from __future__ import annotations

from fakes.faults.effect import Effect, Options, Serve, ServiceContext


def pass_through(serve: Serve, _options: Options, _context: ServiceContext) -> Serve:
    """Changes nothing: the service answers as usual."""
    return serve


EFFECT = Effect(
    "pass_through",
    pass_through,
    acts="after",
)
