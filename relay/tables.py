"""The tables, and the way to the database that holds them. Times are seconds since 1970."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql.ddl import DDLElement

metadata = MetaData()
_key = BigInteger().with_variant(Integer(), "sqlite")

neighbours = Table(
    "neighbours",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("due_at", Double, nullable=False, default=0),
    Column("blocked_until", Double, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    Column("error", Text),
)

inbox = Table(
    "inbox",
    metadata,
    Column("seq", _key, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("phone", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", Double, nullable=False),
    Column("told_at", Double),
    Index("inbox_waiting", "told_at", "next_at"),
    Index("inbox_phone", "phone", "told_at", "seq"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", _key, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("phone", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("stage", String(16), nullable=False, default="ready"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("looks", Integer, nullable=False, default=0),
    Column("next_at", Double),
    Column("since", Double),
    Column("accepted_at", Double),
    Column("broadcast_id", Text, index=True),
    Column("broadcast_uuid", Text, index=True),
    Column("message_ref", Text, index=True),
    Column("message_at", Double),
    Column("status", String(16), nullable=False, default="UNSENT"),
    Column("reason", Text),
    Column("to_tell", Boolean, nullable=False, default=True),
    Index("outbox_stage", "stage", "next_at", "seq"),
    Index("outbox_phone", "phone", "stage", "seq"),
    Index("outbox_to_tell", "seq", sqlite_where=text("to_tell"), postgresql_where=text("to_tell")),
)


@lru_cache(maxsize=4)  # the engine keeps compiled statements; connections it keeps none
def open_engine(url: str) -> Engine:
    """SQLite (WAL, each commit on disk, one writer at a time) or PostgreSQL. Raises ArgumentError for any other."""
    kind = make_url(url)
    if kind.get_backend_name() == "postgresql":
        return create_engine(kind, poolclass=NullPool)
    if kind.get_backend_name() != "sqlite" or kind.database in {None, "", ":memory:"}:
        raise ArgumentError("it must be an SQLite file or PostgreSQL")
    engine = create_engine(kind, poolclass=NullPool, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # a commit is on disk, not on its way there

    @event.listens_for(engine, "begin")
    def _immediately(connection: Connection) -> None:
        connection.connection.cursor().execute("BEGIN IMMEDIATE")

    return engine


@lru_cache(maxsize=4)
def schema(dialect: Dialect) -> tuple[str, ...]:
    """What makes the tables where they are not there yet."""
    tables = metadata.sorted_tables
    made: list[DDLElement] = [CreateTable(table, if_not_exists=True) for table in tables]
    made += [CreateIndex(index, if_not_exists=True) for table in tables for index in table.indexes]
    return tuple(str(statement.compile(dialect=dialect)) for statement in made)
