"""The effect that does nothing: the first example, and a probe of what a fault matches."""

from __future__ import annotations

from fakes.faults.effect import Around, Effect, Given, Serve


def pass_through(serve: Serve, _given: Given, _around: Around) -> Serve:
    """Nothing at all: the service answers as ever."""
    return serve


EFFECT = Effect(
    "pass_through",
    pass_through,
    acts="after",
)
