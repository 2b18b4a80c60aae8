"""The database, which holds all of the relay's state. What is stored here survives any crash.

Every method is one short transaction; none is open during a call to a neighbour. The web app adds to the inbox through
a connection of its own. Only the relay that holds the lock reads and changes the rest.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence, Set
from contextlib import AbstractContextManager, suppress
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from sqlalchemy import Engine, TextClause, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, ProgrammingError
from sqlalchemy.pool import NullPool

from relay import sql
from relay.commits import GroupCommit
from relay.http_client import steady
from relay.lock import try_lock
from relay.models import IncomingText, Message, OutgoingText, StateUpdate
from relay.policy import DAY

NEVER = 200e9
"""A time in the year 8307, for a neighbour without work."""
LOCKS = MappingProxyType({"cht": "inbox", "rapidpro": "outbox"})
"""The table whose lock lets a relay call the neighbour."""
CONFIRM_AFTER = 1.0
"""Seconds after which a relay asks the database, before a call, whether it still has the lock."""
RETENTION = 30 * DAY
"""How long finished texts are kept; CHT hands out a text again for at most 7 days."""
TEXT_SECONDS, HEALTH_SECONDS = 8.0, 0.8
"""How long the web app waits for the database: RapidPro gives up after 15 seconds."""
POSTGRESQL_OPTIONS = MappingProxyType({"connect_timeout": 5, "tcp_user_timeout": 30_000})
"""Seconds to connect; milliseconds until a connection to a machine that is gone counts as broken."""


class Neighbour(NamedTuple):
    """CHT or RapidPro: when to poll it, until when to make no call, its failures in a row, its last success."""

    name: str
    poll_at: float
    blocked_until: float
    failures: int
    last_error: str | None
    succeeded_at: float


class Health(NamedTuple):
    """The sizes of the queues; by neighbour, since when the oldest text for it waits, or None; the neighbours."""

    queues: dict[str, int]
    oldest: dict[str, float | None]
    neighbours: list[Neighbour]


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


class Store:
    """Opens the database and creates its tables. Raises sqlalchemy.exc.SQLAlchemyError or ImportError if it cannot."""

    def __init__(self, url: str) -> None:
        engine = open_engine(url)
        self._work_db, self._web_db = engine.connect(), engine.connect()
        self._commits = GroupCommit(self._commit)
        self._used_at = self._tried_at = steady()
        self._all = [self]
        key = "INTEGER PRIMARY KEY" if engine.name == "sqlite" else "BIGSERIAL PRIMARY KEY"
        # Another relay that starts at the same time may be faster, and then has created all tables.
        with suppress(IntegrityError, ProgrammingError), self._work_db.begin():
            for statement in sql.SCHEMA.format(key=key).split(";"):
                self._work_db.exec_driver_sql(statement)

    def for_another_thread(self) -> Self:
        """The same store, with a connection of its own for work."""
        other = copy.copy(self)
        other._work_db = self._work_db.engine.connect()
        self._all.append(other)
        return other

    @property
    def worked_at(self) -> float:
        """Since when, by `steady`, one of the threads that work has not used the database."""
        return min(max(store._used_at, store._tried_at) for store in self._all)

    def try_lock(self, neighbour: str) -> AbstractContextManager[bool]:
        """Whether this relay may call the neighbour until the end of the block."""
        self._tried_at = steady()
        return try_lock(self._work_db, LOCKS[neighbour])

    def confirm_lock(self) -> float:
        """Since when, by `steady`, the lock is certainly held. Raises SQLAlchemyError if it was lost.

        As long as the connection lasts, no other relay has worked, and what this one decided still holds.
        """
        if steady() - self._used_at > CONFIRM_AFTER:
            self._execute(sql.NEIGHBOURS, {})
        return self._used_at

    def close(self) -> None:
        """Close the connections. Must not be called during other use."""
        self._work_db.close()
        self._web_db.close()

    # --- neighbours

    def neighbour(self, name: str, now: float) -> tuple[Neighbour, float, float]:
        """CHT or RapidPro, when there is work for it, and the latest `poll_at` of both."""
        ((*values, latest_poll, first, second, third),) = self._execute(sql.DUE_TIMES[name], {"now": now})
        neighbour = Neighbour(*values)
        due = min((time for time in (first, second, third) if time is not None), default=NEVER)
        return neighbour, max(neighbour.blocked_until, due), latest_poll

    def save_neighbour(self, neighbour: Neighbour) -> None:
        """Store the outcome of a sync with a neighbour."""
        self._execute(sql.SAVE_NEIGHBOUR, neighbour._asdict())

    # --- incoming texts: RapidPro to CHT

    def add_incoming(self, message: Message, now: float) -> bool:
        """Store a text for CHT, once however often it comes. False if a different text has its id.

        Raises OSError, TimeoutError among them, or SQLAlchemyError if it is not stored, or if that is unknown.
        """
        stored: bool = self._commits.ask({**message._asdict(), "now": now}, TEXT_SECONDS)
        return stored

    def due_for_cht(self, now: float, limit: int) -> tuple[list[IncomingText], list[StateUpdate]]:
        """Texts and state updates for CHT, oldest first."""
        self._used_at = steady()
        with self._work_db.begin():
            texts = self._work_db.execute(sql.DUE_INCOMING, {"now": now, "limit": limit}).all()
            updates = self._work_db.execute(sql.PENDING_UPDATES, {"limit": limit}).all()
        return [IncomingText(*row) for row in texts], [StateUpdate(*row) for row in updates]

    def save_exchange(
        self, texts: Sequence[IncomingText], updates: Sequence[StateUpdate], messages: Sequence[Message], now: float
    ) -> None:
        """CHT confirmed texts and updates, and handed out messages: store the new ones, report the status of all."""
        changes = (
            (sql.FINISH_INCOMING, [{"seq": text.seq} for text in texts]),
            (sql.FINISH_UPDATE, [update._asdict() for update in updates]),
            (sql.ADD_OUTGOING, [{**message._asdict(), "now": now} for message in messages]),
        )
        if texts or updates or messages:
            with self._work_db.begin():
                for statement, rows in changes:
                    if rows:
                        self._work_db.execute(statement, rows)

    def postpone(self, texts: Sequence[IncomingText], due_at: float) -> None:
        """A request with these texts failed: from now on each is sent alone, and not before `due_at`."""
        self._execute(sql.POSTPONE_INCOMING, [{"seq": text.seq, "due_at": due_at} for text in texts])

    # --- outgoing texts: CHT to RapidPro

    def next_to_send(self, now: float) -> OutgoingText | None:
        """The next text to send, never one that an earlier text to the same phone holds back."""
        return next((OutgoingText(*row) for row in self._execute(sql.NEXT_TO_SEND, {"now": now})), None)

    def due_for_lookup(self, now: float) -> list[OutgoingText]:
        """Texts whose outcome is unknown, and equal texts that were accepted without an id."""
        return [OutgoingText(*row) for row in self._execute(sql.DUE_FOR_LOOKUP, {"now": now})]

    def due_for_check(self, now: float, limit: int) -> list[OutgoingText]:
        """Accepted texts whose status is to be checked."""
        return [OutgoingText(*row) for row in self._execute(sql.DUE_FOR_CHECK, {"now": now, "limit": limit})]

    def save(self, *texts: OutgoingText) -> None:
        """Store changed texts."""
        if texts:
            # In the order of seq, as updates are finished, so that the two cannot wait for each other in PostgreSQL.
            self._execute(sql.SAVE_OUTGOING, [text._asdict() for text in sorted(texts)])

    def claimed_ids(self, ids: Set[str]) -> Set[str]:
        """Which of these ids of broadcasts and messages already belong to a text."""
        rows = self._execute(sql.CLAIMED_IDS, {"ids": list(ids)}) if ids else []
        return ids & {value for row in rows for value in row}

    # --- maintenance

    def prune(self, now: float) -> None:
        """Delete finished texts that are older than RETENTION."""
        for statement in sql.DELETE_OLD:
            self._execute(statement, {"before": now - RETENTION})

    def health(self) -> Health:
        """Raises OSError or SQLAlchemyError if the database cannot be written at this moment."""
        health: Health = self._commits.ask(None, HEALTH_SECONDS)
        return health

    def _commit(self, requests: Sequence[dict[str, Any] | None]) -> list[Any]:
        """In one transaction, which always writes: store texts; for each None, read the health."""
        rows = [row for row in requests if row is not None]
        with self._web_db.begin():
            self._web_db.execute(sql.ADD_INCOMING if rows else sql.COUNT_CHECK, rows or None)
            ids = {"ids": [row["id"] for row in rows]}
            stored = {id_: text for id_, *text in self._web_db.execute(sql.STORED_INCOMING, ids)} if rows else {}
            health = self._read_health() if None in requests else None
        return [stored[row["id"]] == [row["phone"], row["content"]] if row else health for row in requests]

    def _read_health(self) -> Health:
        queues, oldest = (self._web_db.execute(query).one()._asdict() for query in (sql.QUEUE_SIZES, sql.OLDEST_TEXTS))
        return Health(queues, oldest, [Neighbour(*row) for row in self._web_db.execute(sql.NEIGHBOURS)])

    def _execute(self, statement: TextClause, parameters: Any) -> Sequence[Any]:
        self._used_at = steady()
        with self._work_db.begin():
            result = self._work_db.execute(statement, parameters)
            return result.all() if result.returns_rows else []
