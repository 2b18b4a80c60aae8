"""The tables, and the way to the database that holds them.

Times are whole microseconds since 1970: exact, and quick to compare in any database.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    text,
)
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeDecorator

from relay.messages import Stage, Status

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Any) -> datetime | None:  # noqa: ARG002
        return None if value is None else EPOCH + timedelta(microseconds=int(value))


class Word(TypeDecorator[str]):
    """A value of one of our StrEnums, stored as its word."""

    impl = String(16)
    cache_ok = True

    def __init__(self, words: type[Stage] | type[Status]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: str | None, dialect: Any) -> Any:  # noqa: ARG002
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:  # noqa: ARG002
        return None if value is None else self.words(value)


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


metadata = MetaData()
_key = BigInteger().with_variant(Integer(), "sqlite")

neighbours = Table(
    "neighbours",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("due_at", Moment, nullable=False, default=EPOCH),
    Column("blocked_until", Moment, nullable=False, default=EPOCH),
    Column("failures", Integer, nullable=False, default=0),
    Column("error", Text),
    Column("owner", Text),
    Column("lease_until", Moment, nullable=False, default=EPOCH),
    Column("mark", Moment),
)

inbox = Table(
    "inbox",
    metadata,
    Column("seq", _key, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("phone", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("told_at", Moment),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", Moment, nullable=False),
    _partial("inbox_waiting", "phone", "seq", where="told_at IS NULL"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", _key, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("phone", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("stage", Word(Stage), nullable=False, default=Stage.READY),
    Column("attempts", Integer, nullable=False, default=0),
    Column("looks", Integer, nullable=False, default=0),
    Column("next_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("since", Moment),
    Column("accepted_at", Moment),
    Column("broadcast_id", Text, unique=True),
    Column("broadcast_uuid", Text, unique=True),
    Column("message_ref", Text, unique=True),
    Column("message_at", Moment),
    Column("watch_at", Moment),
    Column("status", Word(Status), nullable=False, default=Status.UNSENT),
    Column("reason", Text),
    Column("to_tell", Boolean, nullable=False, default=True),
    Index("outbox_stage", "stage", "next_at"),
    Index("outbox_phone", "phone", "stage", "seq"),
    _partial("outbox_to_tell", "seq", where="to_tell"),
    _partial("outbox_watched", "watch_at", where="watch_at IS NOT NULL"),
)


@lru_cache(maxsize=4)  # the engine keeps compiled statements; connections it keeps none
def open_engine(url: str) -> Engine:
    """SQLite (WAL, each commit on disk, one writer at a time) or whatever the URL names."""
    if not url.startswith("sqlite"):
        return create_engine(url, poolclass=NullPool)
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # a commit is on disk, not on its way there

    @event.listens_for(engine, "begin")
    def _immediately(connection: Connection) -> None:
        connection.connection.cursor().execute("BEGIN IMMEDIATE")

    return engine
