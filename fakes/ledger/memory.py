"""The newest exchanges, in memory: bounded by number and by the bytes of their bodies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fakes.ledger.exchange import Exchange, with_body
from fakes.ledger.keeping import BATCH_BYTES, SHARED_FROM, Keeping


@dataclass(slots=True)
class Bodies:
    """The bodies in memory: equal ones are kept once."""

    size: int = 0
    """Bytes."""
    _shared: dict[bytes, tuple[bytes, int]] = field(default_factory=dict)

    def keep(self, body: bytes) -> bytes:
        """The body to keep in place of this one: itself, or an equal one that is kept already."""
        if len(body) < SHARED_FROM:
            self.size += len(body)
            return body
        kept, users = self._shared.get(body, (body, 0))
        if not users:
            self.size += len(body)
        self._shared[kept] = kept, users + 1
        return kept

    def forget(self, body: bytes) -> None:
        """One user of the body less."""
        if len(body) >= SHARED_FROM:
            kept, users = self._shared[body]
            if users > 1:
                self._shared[kept] = kept, users - 1
                return
            del self._shared[body]
        self.size -= len(body)


@dataclass(slots=True)
class Memory:
    """The exchanges from number `first` on. Call only under one lock."""

    keeping: Keeping
    first: int = 1
    exchanges: list[Exchange] = field(default_factory=list)
    bodies: Bodies = field(default_factory=Bodies)

    @property
    def last(self) -> int:
        """The number of the newest; one less than `first` if there is none."""
        return self.first + len(self.exchanges) - 1

    def add(self, fields: dict[str, Any]) -> Exchange:
        """Append an exchange with these fields and the next number."""
        fields["body"] = self.bodies.keep(fields["body"])
        reply = fields["reply"]
        if reply is not None:
            fields["reply"] = with_body(reply, self.bodies.keep(reply.body))
        exchange = Exchange(seq=self.first + len(self.exchanges), **fields)
        self.exchanges.append(exchange)
        return exchange

    def after(self, seq: int, service: str | None, limit: int | None) -> list[Exchange]:
        """Those numbered above `seq`, of one service or of all, the first `limit` of them."""
        start = max(0, seq - self.first + 1)
        if service is None:
            return self.exchanges[start : None if limit is None else start + limit]
        return [exchange for exchange in self.exchanges[start:] if exchange.service == service][:limit]

    def over(self, batches: int = 1) -> bool:
        """Whether more is kept than should be, by so many batches."""
        keeping, number = self.keeping, len(self.exchanges)
        return number > keeping.memory + batches * keeping.batch or (
            self.bodies.size > batches * keeping.memory_bytes and number > 0
        )

    def oldest(self) -> list[Exchange]:
        """The batch that has to go first."""
        if self.bodies.size <= BATCH_BYTES:
            return self.exchanges[: self.keeping.batch]
        batch: list[Exchange] = []
        size = 0
        for exchange in self.exchanges[: self.keeping.batch]:
            batch.append(exchange)
            size += len(exchange.body) + (len(exchange.reply.body) if exchange.reply is not None else 0)
            if size > BATCH_BYTES:
                break
        return batch

    def remove(self, oldest: Sequence[Exchange]) -> None:
        """Forget this batch, which is in another place now, or nowhere."""
        for exchange in oldest:
            self.bodies.forget(exchange.body)
            if exchange.reply is not None:
                self.bodies.forget(exchange.reply.body)
        del self.exchanges[: len(oldest)]
        self.first += len(oldest)

    def clear(self) -> None:
        """Forget all; the numbers go on."""
        self.first += len(self.exchanges)
        self.exchanges, self.bodies = [], Bodies()
