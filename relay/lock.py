"""The lock that lets only one of the relays on a database call CHT and RapidPro.

It is a lock of the operating system or of PostgreSQL, held by an open file or connection. It ends with its process, so
it needs no time limit, and no relay can lose it unnoticed and go on working.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from filelock import FileLock, Timeout
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

ADVISORY_KEY = "('outbox'::regclass::oid::bigint)"


@contextmanager
def try_lock(connection: Connection) -> Iterator[bool]:
    """Whether the lock is held until the end of the block. Raises OSError or SQLAlchemyError if that is unknown."""
    lock = _file_lock if connection.engine.name == "sqlite" else _advisory_lock
    with lock(connection) as locked:
        yield locked


@contextmanager
def _file_lock(connection: Connection) -> Iterator[bool]:
    lock = FileLock(f"{connection.engine.url.database}-lock", timeout=0, thread_local=False)
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
def _advisory_lock(connection: Connection) -> Iterator[bool]:
    """Taken by the connection that does the work: if it breaks, the work stops too. Needs a direct connection."""
    with connection.begin():
        locked = bool(connection.exec_driver_sql(f"SELECT pg_try_advisory_lock{ADVISORY_KEY}").scalar())
    try:
        yield locked
    finally:
        if locked:
            with suppress(SQLAlchemyError), connection.begin():
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock{ADVISORY_KEY}")
