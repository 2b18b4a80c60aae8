"""The list of exchanges."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from fakes.ledger.exchange import Exchange
from fakes.ledger.export import as_json
from fakes.redaction import Redaction


class HasSecrets(Protocol):
    """Anything with secrets: their current values by name."""

    def secrets(self) -> Mapping[str, str]: ...


@dataclass
class Ledger:
    """Append-only list of exchanges. Thread-safe."""

    secret_sources: list[HasSecrets] = field(default_factory=list)
    _exchanges: list[Exchange] = field(default_factory=list)
    _first: int = 1
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, **fields: Any) -> Exchange:
        """Append an exchange; it gets the next number."""
        with self._lock:
            exchange = Exchange(seq=self._first + len(self._exchanges), **fields)
            self._exchanges.append(exchange)
        return exchange

    def after(self, seq: int = 0, service: str | None = None, limit: int | None = None) -> Sequence[Exchange]:
        """The exchanges numbered above `seq`, oldest first, of one service or of all."""
        with self._lock:
            start = max(0, seq - self._first + 1)
            end = None if limit is None or service is not None else start + limit
            found = self._exchanges[start:end]
        if service is not None:
            found = [exchange for exchange in found if exchange.service == service][:limit]
        return found

    def __len__(self) -> int:
        return len(self._exchanges)

    @property
    def last(self) -> int:
        """The number of the newest exchange; 0 if there never was one."""
        return self._first + len(self._exchanges) - 1

    def clear(self) -> None:
        """Remove all exchanges: only for a world that starts over. Numbers continue, so that no reader mixes worlds."""
        with self._lock:
            self._first += len(self._exchanges)
            self._exchanges = []

    def export(self, exchanges: Iterable[Exchange]) -> list[dict[str, Any]]:
        """The exchanges as JSON, without secrets."""
        hide = Redaction({name: value for source in self.secret_sources for name, value in source.secrets().items()})
        return [as_json(exchange, hide) for exchange in exchanges]
