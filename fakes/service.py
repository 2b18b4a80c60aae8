"""The interface of a fake service for the layers around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from fakes.serving.wsgi import Environ, StartResponse


class SeedError(ValueError):
    """An invalid seed; the text says what was expected, what was given, and what to do."""


class Service(Protocol):
    """A fake of one real service: its public API and its state, without faults, ledger or real time."""

    name: str
    on_unexpected: Callable[[str], None]
    """Called with a sentence about a request that no client should make; the ledger records it with the exchange."""

    rng_state: Any
    """The state to which a reset sets the random generator."""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The public API as a WSGI app."""
        ...

    def seed(self, data: Mapping[str, Any]) -> None:
        """Start over from the seed `data`. Raises SeedError."""
        ...

    def reset(self) -> None:
        """Start over from the last seed, or from the built-in one."""
        ...

    def metrics(self) -> Mapping[str, float]:
        """Numbers for `/metrics`, by name without prefix."""
        ...

    def versions(self) -> Mapping[str, object]:
        """By the names of parts of the state, such as `messages`: something that is unequal when the part has changed.

        Asked for a few times a second while somebody watches, so it must be cheap.
        """
        ...

    def secrets(self) -> Mapping[str, str]:
        """All current secrets of the service (tokens, passwords), by a name that may be shown."""
        ...
