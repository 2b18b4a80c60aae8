"""What the layers around a fake service may expect of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from fakes.serving.wsgi import Environ, StartResponse


class SeedError(ValueError):
    """A seed that cannot be used; the text says what was expected, what came, and what to do."""


class Service(Protocol):
    """A fake of one real service. It knows its public API and its state; no faults, no ledger, no real time."""

    name: str
    unexpected: Callable[[str], None]
    """Called with a sentence when a request is one that nobody expects; the ledger notes it at the exchange."""

    chance: Any
    """The state of the generator that all randomness begins from at a reset."""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The public API as a WSGI app."""
        ...

    def seed(self, given: Mapping[str, Any]) -> None:
        """Begin anew from `given`. Raises SeedError."""
        ...

    def reset(self) -> None:
        """Begin anew from the last seed, or from the built-in one."""
        ...

    def metrics(self) -> Mapping[str, float]:
        """Numbers for `/metrics`, by name without prefix."""
        ...

    def secrets(self) -> Mapping[str, str]:
        """Every secret the service knows at this moment, by a name that may be shown: tokens, passwords."""
        ...
