"""Whose turn it is to call the neighbours: one relay at a time on one database.

The lock is the operating system's or PostgreSQL's, held by an open file or connection: it dies with its process, needs
no time limit, and nobody can work on after losing it unnoticed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

_KEY = "('outbox'::regclass::oid::bigint)"


class FileTurn:
    """For an SQLite file: a lock on a file beside it."""

    def __init__(self, db: Connection) -> None:
        self._file = sqlite3.connect(
            f"{db.engine.url.database}-turn", timeout=0, isolation_level=None, check_same_thread=False
        )

    @contextmanager
    def take(self) -> Iterator[bool]:
        """Whether it is ours until the end of the block."""
        try:
            self._file.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise OperationalError("BEGIN IMMEDIATE", None, error) from None
            yield False
            return
        try:
            yield True
        finally:
            self._file.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class ServerTurn:
    """For PostgreSQL: a lock of the session, on the connection that does the work (so no transaction pooler between).

    Should the connection break, the work breaks off with it: its next statement fails.
    """

    def __init__(self, db: Connection) -> None:
        self._db = db

    @contextmanager
    def take(self) -> Iterator[bool]:
        """Whether it is ours until the end of the block."""
        with self._db.begin():
            ours = bool(self._db.execute(text(f"SELECT pg_try_advisory_lock{_KEY}")).scalar())
        try:
            yield ours
        finally:
            if ours:
                with suppress(SQLAlchemyError), self._db.begin():
                    self._db.execute(text(f"SELECT pg_advisory_unlock{_KEY}"))

    def close(self) -> None:
        """Nothing is open besides the connection."""
