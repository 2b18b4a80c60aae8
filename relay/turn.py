"""Whose turn it is to call the neighbours: one relay at a time on one database.

The lock is the operating system's or PostgreSQL's, held by an open file or connection: it dies with its process, needs
no time limit, and nobody can work on after losing it unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from filelock import FileLock, Timeout
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

KEY = "('outbox'::regclass::oid::bigint)"


@contextmanager
def turn(db: Connection) -> Iterator[bool]:
    """Whether it is ours until the end of the block. Raises OSError or SQLAlchemyError when that cannot be known."""
    take = _on_a_file if db.engine.name == "sqlite" else _on_the_server
    with take(db) as ours:
        yield ours


@contextmanager
def _on_a_file(db: Connection) -> Iterator[bool]:
    lock = FileLock(f"{db.engine.url.database}-turn", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


@contextmanager
def _on_the_server(db: Connection) -> Iterator[bool]:
    """By the connection that does the work (so no transaction pooler between): should it break, the work breaks off."""
    with db.begin():
        ours = bool(db.exec_driver_sql(f"SELECT pg_try_advisory_lock{KEY}").scalar())
    try:
        yield ours
    finally:
        if ours:
            with suppress(SQLAlchemyError), db.begin():
                db.exec_driver_sql(f"SELECT pg_advisory_unlock{KEY}")
