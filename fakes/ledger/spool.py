"""Exchanges in a file: a private temporary SQLite database, which no other process finds and which ends with this one.

A row is a batch of exchanges. They are raw, with their secrets: the file is readable by its owner alone.
"""

from __future__ import annotations

import os
import pickle
import sqlite3
import sys
import tempfile
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fakes.ledger.exchange import Exchange
from fakes.serving.wsgi import Reply

REPLY = Exchange._fields.index("reply")
SCHEMA = "CREATE TABLE batches (first INTEGER NOT NULL, last INTEGER PRIMARY KEY, data BLOB NOT NULL)"
FASTEST = 1
"""The level of compression: a higher one takes longer and gains little."""
SHRINK = 0.8
"""A file that could not grow is kept at this share of what it was."""
ATTEMPTS = 8
"""So often a file is made smaller for a batch. Then nothing of it is kept, and it begins anew."""


class SpoolFailed(Exception):
    """There is no room for a batch, and nothing else is kept."""


class Spool:
    """Batches of exchanges in the order of their numbers. Thread-safe.

    At most `most_bytes` are kept, or what fits on the disk: then the oldest batches are dropped.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_ever = self._most = most_bytes
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._path: Path | None = None
        self._bounds: list[tuple[int, int, int]] = []
        """First number, last number and bytes of each batch."""
        self.bytes = 0
        self.dropped = 0
        """How many exchanges had to go."""
        self.troubles = 0
        """How often the file could not be used."""
        self.trouble = ""
        """Why, the last time; empty if it always could."""

    @property
    def first(self) -> int | None:
        """The number of the oldest exchange; None if there is none."""
        with self._lock:
            return self._bounds[0][0] if self._bounds else None

    def put(self, exchanges: Sequence[Exchange]) -> None:
        """Store the next batch. Raises SpoolFailed if there is no room even for this one alone; then all is gone."""
        data = zlib.compress(pickle.dumps(list(map(_packed, exchanges)), pickle.HIGHEST_PROTOCOL), FASTEST)
        bounds = exchanges[0].seq, exchanges[-1].seq, len(data)
        with self._lock:
            for _ in range(ATTEMPTS):
                if self._stored(bounds, data):
                    self._bounds.append(bounds)
                    self.bytes += len(data)
                    return
                self._most = int(self.bytes * SHRINK) or self._most_ever
            self.dropped += sum(last - first + 1 for first, last, _ in self._bounds)
            self._close()
        raise SpoolFailed("there is no room for a batch of exchanges")

    def after(self, seq: int) -> list[Exchange]:
        """The exchanges of the batch that holds the first number above `seq`, as far as they are above it."""
        query = "SELECT data FROM batches WHERE last > ? ORDER BY last LIMIT 1"
        with self._lock:
            try:
                row = None if self._database is None else self._database.execute(query, (seq,)).fetchone()
            except sqlite3.Error as failure:
                self._tell(failure)
                row = None
        batch = [] if row is None else pickle.loads(zlib.decompress(row[0]))
        return [exchange for exchange in map(_unpacked, batch) if exchange.seq > seq]

    def clear(self) -> None:
        """Remove everything; the file, too."""
        with self._lock:
            self._close()

    def _stored(self, bounds: tuple[int, int, int], data: bytes) -> bool:
        try:
            while self._bounds and self.bytes + len(data) > self._most:
                self._drop_oldest()
            if len(data) > self._most:
                return False
            self._open().execute("INSERT INTO batches VALUES (?, ?, ?)", (*bounds[:2], data))
        except (sqlite3.Error, OSError) as failure:
            self._tell(failure)
            return False
        return True

    def _drop_oldest(self) -> None:
        first, last, size = self._bounds[0]
        self._open().execute("DELETE FROM batches WHERE last <= ?", (last,))
        del self._bounds[0]
        self.bytes -= size
        self.dropped += last - first + 1

    def _tell(self, failure: Exception) -> None:
        """Keep why, and say it to whoever started the fakes: once."""
        self.troubles += 1
        self.trouble = f"{failure}, in {tempfile.gettempdir()}"
        if self.troubles == 1:
            print(f"warning: old exchanges of the ledger are dropped: {self.trouble}", file=sys.stderr, flush=True)

    def _open(self) -> sqlite3.Connection:
        """The database. Its file has no name any more where the system allows that: then it ends with the process."""
        if self._database is None:
            number, name = tempfile.mkstemp(".ledger")  # for its owner alone
            os.close(number)
            self._path = Path(name)
            database = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
            try:
                # Nobody reads the file after a crash, so nothing needs to be on the disk at a certain time.
                database.execute("PRAGMA journal_mode=MEMORY")
                database.execute("PRAGMA synchronous=OFF")
                database.execute(SCHEMA)
            except sqlite3.Error:
                database.close()
                self._unlink()
                raise
            if os.name == "posix":
                self._unlink()
            self._database = database
        return self._database

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
        self._unlink()
        self._database, self._bounds, self.bytes, self._most = None, [], 0, self._most_ever

    def _unlink(self) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None


def _packed(exchange: Exchange) -> tuple[Any, ...]:
    """Plain tuples: pickled in a third of the time that an Exchange and a Reply take."""
    reply = exchange.reply
    plain = None if reply is None else (reply.status, reply.headers, reply.body)
    return (*exchange[:REPLY], plain, *exchange[REPLY + 1 :])


def _unpacked(values: tuple[Any, ...]) -> Exchange:
    plain = values[REPLY]
    return Exchange._make((*values[:REPLY], None if plain is None else Reply(*plain), *values[REPLY + 1 :]))
