"""What is below the store: opening the database, its tables, the lock of the relay that works, group commit."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from functools import lru_cache
from queue import SimpleQueue
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import NullPool

ERRORS = (SQLAlchemyError, OSError)
"""What is raised when the database fails; TimeoutError is an OSError."""
POSTGRESQL_OPTIONS = MappingProxyType({"connect_timeout": 5, "tcp_user_timeout": 30_000})
"""Seconds to connect; milliseconds until a connection to a machine that is gone counts as broken."""
FROZEN_SECONDS = 60
"""A worker's connection to PostgreSQL that is idle for this long belongs to a process or machine that stands still."""
MAX_CALLERS = 200
"""How many wait at the same time; one more gets TimeoutError at once, so that a thread is left for /health."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS neighbours (
    name TEXT PRIMARY KEY, poll_at DOUBLE PRECISION NOT NULL DEFAULT 0,
    blocked_until DOUBLE PRECISION NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0, last_error TEXT,
    succeeded_at DOUBLE PRECISION NOT NULL DEFAULT 0, checks INTEGER NOT NULL DEFAULT 0
);
INSERT INTO neighbours (name) VALUES ('cht'), ('rapidpro') ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS inbox (
    seq {key}, id TEXT NOT NULL UNIQUE, phone TEXT NOT NULL, content TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, received_at DOUBLE PRECISION NOT NULL, due_at DOUBLE PRECISION
);
CREATE INDEX IF NOT EXISTS inbox_due ON inbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS inbox_waiting ON inbox (seq) WHERE due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS outbox (
    seq {key}, id TEXT NOT NULL UNIQUE, phone TEXT NOT NULL, content TEXT NOT NULL,
    send_state TEXT NOT NULL DEFAULT 'ready', due_at DOUBLE PRECISION,
    attempts INTEGER NOT NULL DEFAULT 0, lookups INTEGER NOT NULL DEFAULT 0,
    search_from DOUBLE PRECISION NOT NULL DEFAULT 0, accepted_at DOUBLE PRECISION NOT NULL DEFAULT 0,
    broadcast_id TEXT, broadcast_uuid TEXT, message_ref TEXT, message_created_on DOUBLE PRECISION,
    status TEXT NOT NULL DEFAULT 'UNSENT', reason TEXT, unreported BOOLEAN NOT NULL DEFAULT TRUE
);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (send_state, due_at, seq);
CREATE INDEX IF NOT EXISTS outbox_phone ON outbox (phone, send_state, seq);
CREATE INDEX IF NOT EXISTS outbox_unreported ON outbox (seq) WHERE unreported;
CREATE INDEX IF NOT EXISTS outbox_broadcast_id ON outbox (broadcast_id);
CREATE INDEX IF NOT EXISTS outbox_broadcast_uuid ON outbox (broadcast_uuid);
CREATE INDEX IF NOT EXISTS outbox_message_ref ON outbox (message_ref)
"""
"""In SQL that both SQLite and PostgreSQL understand."""


@lru_cache(maxsize=4)  # an engine keeps compiled statements, but no connections
def open_engine(url: str) -> Engine:
    """SQLite (WAL, every commit on disk, one writer at a time) or PostgreSQL. Raises ArgumentError for any other."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed, poolclass=NullPool, connect_args=dict(POSTGRESQL_OPTIONS))
    if parsed.get_backend_name() != "sqlite" or parsed.database in {None, "", ":memory:"}:
        raise ArgumentError("it must be an SQLite file or PostgreSQL")
    options = {"timeout": 30, "check_same_thread": False, "isolation_level": "IMMEDIATE"}
    engine, file = create_engine(parsed, poolclass=NullPool, connect_args=options), str(parsed.database)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # a commit returns only when it is on disk
        record.info["file"] = os.stat(file)

    @event.listens_for(engine, "commit")
    def _commit(connection: Any) -> None:
        """SQLite would go on into a file that is deleted or replaced, and all of it would be lost at the end."""
        with suppress(FileNotFoundError):
            if os.path.samestat(os.stat(file), connection.info["file"]):
                return
        connection.connection.rollback()
        raise OSError("the database file was deleted or replaced: put it back and restart")

    return engine


def create_tables(connection: Connection) -> None:
    """Create the tables. Another relay that starts at the same time may be faster, and then has created all of them."""
    key = "INTEGER PRIMARY KEY" if connection.engine.name == "sqlite" else "BIGSERIAL PRIMARY KEY"
    with suppress(IntegrityError, ProgrammingError), connection.begin():
        for statement in SCHEMA.format(key=key).split(";"):
            connection.exec_driver_sql(statement)


def first_line(error: BaseException | None) -> str:
    """What the database says, in one line."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]


# --- the lock that lets only one of the relays on a database work with a table
#
# It is a lock of the operating system or of PostgreSQL, held by an open file or connection. It ends with its process,
# so that no relay can lose it unnoticed and go on working.


def try_lock(connection: Connection, table: str) -> AbstractContextManager[bool]:
    """Whether the lock is held until the end of the block. Raises one of ERRORS if that is unknown."""
    return (_file_lock if connection.engine.name == "sqlite" else _advisory_lock)(connection, table)


@contextmanager
def _file_lock(connection: Connection, table: str) -> Iterator[bool]:
    with open(f"{connection.engine.url.database}-lock-{table}", "wb") as file:  # closing it ends the lock
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def _advisory_lock(connection: Connection, table: str) -> Iterator[bool]:
    """Taken by the connection that does the work: if it breaks, the work stops too. Needs a direct connection."""

    key = f"('{table}'::regclass::oid::bigint)"
    with connection.begin():
        # PostgreSQL ends the connection of a process that stands still, and with it the lock.
        for timeout in ("idle_session_timeout", "idle_in_transaction_session_timeout"):
            connection.exec_driver_sql(f"SET {timeout} = '{FROZEN_SECONDS}s'")
        locked = bool(connection.exec_driver_sql(f"SELECT pg_try_advisory_lock{key}").scalar())
    try:
        yield locked
    finally:
        if locked:
            with suppress(SQLAlchemyError), connection.begin():
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock{key}")


# --- group commit

Commit = Callable[[list[Any]], list[Any]]


class GroupCommit:
    """What threads ask for at the same time shares a transaction, in a thread of its own, and nobody waits for long.

    `commit` returns a result for each request. The thread ends after `close`, and when this object is not used any
    more: `commit` must not refer to it.
    """

    def __init__(self, commit: Commit) -> None:
        self._requests, self._places = SimpleQueue[Any](), threading.BoundedSemaphore(MAX_CALLERS)
        self.close = weakref.finalize(self, self._requests.put, None)
        threading.Thread(target=_commit_until_the_end, args=(commit, self._requests), daemon=True).start()

    def ask(self, request: Any, seconds: float) -> Any:
        """What `commit` returns for it. Raises what it raises, or TimeoutError after `seconds`.

        What was given up is not begun any more. What was begun by then may still be done.
        """
        if not self._places.acquire(blocking=False):
            raise TimeoutError("too many wait for the database")
        future = Future[Any]()
        self._requests.put((request, future))
        try:
            return future.result(seconds)
        finally:
            future.cancel()  # does nothing if it was begun
            self._places.release()


def _commit_until_the_end(commit: Commit, requests: SimpleQueue[Any]) -> None:
    while first := requests.get():
        batch = [first, *(requests.get() for _ in range(requests.qsize()))]
        begun = [(request, future) for request, future in batch if future.set_running_or_notify_cancel()]
        try:
            for (_, future), result in zip(begun, commit([request for request, _ in begun]), strict=True):
                future.set_result(result)
        except Exception as error:
            for _, future in begun:
                future.set_exception(error)
        del first, batch, begun
