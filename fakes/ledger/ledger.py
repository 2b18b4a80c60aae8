"""The list of exchanges: the newest in memory, older ones in a file or dropped."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

from fakes.ledger.exchange import Cut, Exchange, with_body
from fakes.ledger.export import as_json
from fakes.ledger.keeping import MIB, SHARED_FROM, Keeping
from fakes.ledger.looks import Looks
from fakes.ledger.memory import Memory
from fakes.ledger.spool import Spool, SpoolFailed
from fakes.redaction import Redaction
from fakes.serving.wsgi import Reply

FAR_BEHIND = 10
"""So many batches may wait for the file. Then requests wait, too: the memory is bounded."""
PATIENCE = 10.0
"""Real seconds that one request waits at most."""


class HasSecrets(Protocol):
    """Anything with secrets: their current values by name."""

    def secrets(self) -> Mapping[str, str]: ...


class Dropped(Exception):
    """Exchanges that were asked for are not kept any more; the text says which, why, and what to do.

    `first` is the number of the oldest that is kept.
    """

    def __init__(self, sentence: str, first: int) -> None:
        super().__init__(sentence)
        self.first = first


@dataclass
class Ledger:
    """Append-only list of exchanges. Thread-safe. What `keeping` leaves no room for in memory is in a file, or dropped.

    `looks`: how often the harness itself looked at a service. These requests are not in the list.
    """

    keeping: Keeping = field(default_factory=Keeping)
    secret_sources: list[HasSecrets] = field(default_factory=list)
    looks: Looks = field(default_factory=Looks)
    _cleared: int = 0
    """The last number that `clear` removed."""
    _dropped: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _writer: threading.Thread | None = None

    def __post_init__(self) -> None:
        self._memory = Memory(self.keeping)
        self._long = min(SHARED_FROM, self.keeping.body + 1)
        self._spool = Spool(self.keeping.spool_mib * MIB) if self.keeping.older == "spool" else None

    def add(self, **fields: Any) -> Exchange:
        """Append an exchange; it gets the next number."""
        body: bytes = fields["body"]
        reply: Reply | None = fields["reply"]
        if len(body) >= self._long:
            fields["body"] = self._kept(body)
        if reply is not None and len(reply.body) >= self._long:
            fields["reply"] = with_body(reply, self._kept(reply.body))
        with self._lock:
            exchange = self._memory.add(fields)
            writer = self._make_room() if self._memory.over() else None
        if writer is not None and self._memory.over(FAR_BEHIND):
            writer.join(PATIENCE)
        return exchange

    def after(
        self, seq: int = 0, service: str | None = None, limit: int | None = None, *, skip_dropped: bool = False
    ) -> Sequence[Exchange]:
        """The exchanges numbered above `seq`, oldest first, of one service or of all.

        Raises Dropped if some of them are not kept any more, unless `skip_dropped`.
        """
        with self._lock:
            if max(seq, self._cleared) >= self._memory.first - 1:
                return self._memory.after(seq, service, limit)
        return list(islice(self.each_after(seq, service, skip_dropped=skip_dropped), limit))

    def each_after(self, seq: int = 0, service: str | None = None, *, skip_dropped: bool = False) -> Iterator[Exchange]:
        """The same one by one: what is in the file is read as far as it is asked for."""
        with self._lock:
            first, cleared = self._memory.first, self._cleared
            in_memory = self._memory.after(seq, service, None)
        wanted = max(seq, cleared) + 1
        while wanted < first and cleared == self._cleared:
            batch = self._spool.after(wanted - 1) if self._spool is not None else []
            found = min(batch[0].seq, first) if batch else first
            if found > wanted and not skip_dropped and cleared == self._cleared:
                raise self._not_kept(wanted, found)
            yield from (one for one in batch if one.seq < first and service in (None, one.service))
            wanted = batch[-1].seq + 1 if batch else first
        yield from in_memory

    def __len__(self) -> int:
        return self.last - self.first + 1

    @property
    def first(self) -> int:
        """The number of the oldest exchange that is kept; that of the next one if none is."""
        with self._lock:
            in_memory, cleared = self._memory.first, self._cleared
        spooled = None if self._spool is None else self._spool.first  # may wait for the disk: not under the lock
        return max(min(in_memory, spooled or in_memory), cleared + 1)

    def missing_after(self, seq: int) -> int:
        """How many of the exchanges numbered above `seq` are not kept any more."""
        return max(0, self.first - 1 - max(seq, self._cleared))

    @property
    def last(self) -> int:
        """The number of the newest exchange; 0 if there never was one."""
        return self._memory.last

    def figures(self) -> dict[str, int]:
        """How much is kept where, and how much was dropped, by name."""
        spool, in_memory = self._spool, len(self._memory.exchanges)
        return {
            "memory_exchanges": in_memory,
            "memory_body_bytes": self._memory.bodies.size,
            "spooled_exchanges": max(0, len(self) - in_memory),
            "spool_bytes": 0 if spool is None else spool.bytes,
            "spool_failures_total": 0 if spool is None else spool.troubles,
            "dropped_total": self._dropped if spool is None else self._dropped + spool.dropped,
            "own_looks_total": self.looks.count,
        }

    def clear(self) -> None:
        """Remove all exchanges: only for a world that starts over. Numbers continue, so that no reader mixes worlds."""
        with self._lock:
            self._memory.clear()
            self._cleared = self._memory.last
        if self._spool is not None:
            self._spool.clear()

    def close(self) -> None:
        """Remove the file, if there is one. Its name is gone before, where the system allows that."""
        if self._spool is not None:
            self._spool.clear()

    def redaction(self) -> Redaction:
        """Hides the secrets of the services as they are now."""
        return Redaction({name: value for source in self.secret_sources for name, value in source.secrets().items()})

    def export(self, exchanges: Iterable[Exchange], *, whole: bool = False) -> list[dict[str, Any]]:
        """The exchanges as JSON, without secrets. `whole`: with bodies of any length, as far as they are kept."""
        hide = self.redaction()
        return [as_json(exchange, hide, whole=whole) for exchange in exchanges]

    def _kept(self, body: bytes) -> bytes:
        kept = Cut.of(body, self.keeping.body)
        hash(kept)  # here, and not while others wait for the lock: bytes remember their hash
        return kept

    def _make_room(self) -> threading.Thread | None:
        """Drop the oldest exchanges, or let a thread bring them to the file. Returns that thread. Under the lock."""
        while self._spool is None and self._memory.over():
            oldest = self._memory.oldest()
            self._memory.remove(oldest)
            self._dropped += len(oldest)
        if self._spool is not None and self._writer is None:
            self._writer = threading.Thread(target=self._write, args=(self._spool,), name="ledger", daemon=True)
            self._writer.start()
        return self._writer

    def _write(self, spool: Spool) -> None:
        try:
            while self._write_batch(spool):
                pass
        except BaseException:
            self._writer = None  # the next request begins anew
            raise

    def _write_batch(self, spool: Spool) -> bool:
        with self._lock:
            if not self._memory.over():
                self._writer = None
                return False
            oldest, cleared = self._memory.oldest(), self._cleared
        lost = 0
        try:
            spool.put(oldest)
        except SpoolFailed:
            lost = len(oldest)
        with self._lock:
            if cleared == self._cleared:  # else they are gone, and what was written is below every number to come
                self._memory.remove(oldest)
                self._dropped += lost
        return True

    def _not_kept(self, wanted: int, found: int) -> Dropped:
        spool, keeping = self._spool, self.keeping
        if spool is None:
            why = f"--ledger-older drop keeps the newest {keeping.memory}: use --ledger-older spool"
        elif spool.trouble:
            why = f"their file could not be used, {spool.trouble}: give it room, in another folder by TMPDIR"
        else:
            why = f"their file has {keeping.spool_mib} MiB: use a larger --ledger-spool"
        return Dropped(f"exchanges {wanted} to {found - 1} are not kept any more. {why}", found)
