"""The locks that let only one of the relays on a database call a neighbour.

Each is a lock of the operating system or of PostgreSQL, held by an open file or connection. It ends with its process,
so that no relay can lose it unnoticed and go on working.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from filelock import FileLock, Timeout
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

FROZEN_SECONDS = 60
"""A connection that holds a lock and does nothing for this long belongs to a process or machine that stands still."""
KEY = "('{table}'::regclass::oid::bigint)"
END_FROZEN = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_locks USING (pid)
    WHERE locktype = 'advisory' AND granted AND datname = current_database() AND objid = '{table}'::regclass::oid
    AND state_change < now() - make_interval(secs => {seconds})"""


def try_lock(connection: Connection, table: str) -> AbstractContextManager[bool]:
    """Whether the lock is held until the end of the block. Raises OSError or SQLAlchemyError if that is unknown."""
    return (_file_lock if connection.engine.name == "sqlite" else _advisory_lock)(connection, table)


@contextmanager
def _file_lock(connection: Connection, table: str) -> Iterator[bool]:
    if table not in connection.info:
        path = f"{connection.engine.url.database}-lock-{table}"
        connection.info[table] = FileLock(path, timeout=0, thread_local=False)
    lock: FileLock = connection.info[table]
    with suppress(Timeout):
        lock.acquire()
    try:
        yield lock.is_locked
    finally:
        lock.release()


@contextmanager
def _advisory_lock(connection: Connection, table: str) -> Iterator[bool]:
    """Taken by the connection that does the work: if it breaks, the work stops too. Needs a direct connection."""
    key = KEY.format(table=table)
    with connection.begin():
        locked = bool(connection.exec_driver_sql(f"SELECT pg_try_advisory_lock{key}").scalar())
        if not locked:
            connection.exec_driver_sql(END_FROZEN.format(table=table, seconds=FROZEN_SECONDS))
    try:
        yield locked
    finally:
        if locked:
            with suppress(SQLAlchemyError), connection.begin():
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock{key}")
