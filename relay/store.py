"""The database, which holds all of the relay's state. What is stored here survives any crash.

Every method is one short transaction; none is open during a call to a neighbour. The web app adds to the inbox through
a connection of its own. Only the relay that holds the lock reads and changes the rest.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence, Set
from contextlib import AbstractContextManager
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple

import sqlalchemy

from relay import database
from relay.http_client import steady
from relay.models import Message, Neighbour, OutgoingText, StateUpdate
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
BLOCKING_ATTEMPTS = 3
"""A failing text holds back later texts of the same phone, to keep their order, until it has had this many attempts."""

OUTGOING_READY = f"""send_state = 'ready' AND NOT EXISTS (
    SELECT 1 FROM outbox earlier WHERE earlier.phone = outbox.phone AND earlier.seq < outbox.seq
    AND earlier.send_state IN ('ready', 'sending') AND earlier.attempts < {BLOCKING_ATTEMPTS})"""
NEIGHBOUR = ", ".join(Neighbour._fields)
DUE_TIMES = MappingProxyType(
    {
        "cht": """SELECT CASE WHEN failures > 0 THEN 0 ELSE poll_at END AS due_at FROM neighbours WHERE name = 'cht'
            UNION ALL SELECT MIN(due_at) FROM inbox WHERE due_at IS NOT NULL
            UNION ALL SELECT 0 WHERE EXISTS (SELECT 1 FROM outbox WHERE unreported)""",
        "rapidpro": f"""SELECT MIN(due_at) AS due_at FROM outbox WHERE {OUTGOING_READY}
            UNION ALL SELECT MIN(due_at) FROM outbox WHERE send_state = 'sending'
            UNION ALL SELECT MIN(due_at) FROM outbox WHERE send_state = 'accepted'""",
    }
)
ADD_INCOMING = """INSERT INTO inbox (id, phone, content, received_at, due_at)
    VALUES (:id, :phone, :content, :now, 0) ON CONFLICT DO NOTHING"""
STORED_INCOMING = "SELECT 1 FROM inbox WHERE id = :id AND phone = :phone AND content = :content"
QUEUES = """SELECT
    (SELECT COUNT(*) FROM inbox WHERE due_at IS NOT NULL) AS to_cht,
    (SELECT COUNT(*) FROM outbox WHERE send_state = 'ready') AS to_send,
    (SELECT COUNT(*) FROM outbox WHERE send_state = 'sending') AS outcome_unknown,
    (SELECT COUNT(*) FROM outbox WHERE unreported) AS states_to_tell,
    (SELECT COUNT(*) FROM outbox WHERE send_state = 'accepted' AND due_at IS NOT NULL) AS states_to_ask"""
OLDEST_TEXTS = """SELECT
    (SELECT received_at FROM inbox WHERE due_at IS NOT NULL ORDER BY seq LIMIT 1) AS cht,
    (SELECT MIN(CASE WHEN accepted_at > 0 THEN accepted_at ELSE due_at END) FROM outbox
        WHERE send_state IN ('ready', 'sending')) AS rapidpro"""


class Health(NamedTuple):
    """The sizes of the queues; by neighbour, since when the oldest text for it waits, or None; the neighbours."""

    queues: dict[str, int]
    oldest: dict[str, float | None]
    neighbours: list[Neighbour]


@lru_cache(maxsize=64)
def _statement(sql: str, columns: tuple[str, ...] = ()) -> sqlalchemy.Executable:
    """`columns`: the names of what it selects, so that SQLAlchemy need not look at them in every result."""
    statement = sqlalchemy.text(sql)
    return statement.columns(*map(sqlalchemy.column, columns)) if columns else statement


class Store:
    """One connection to the database, for one thread. Creates the tables. Raises SQLAlchemyError or ImportError."""

    def __init__(self, url: str) -> None:
        self._db = database.open_engine(url).connect()
        database.create_tables(self._db)
        self.used_at = steady()
        """When, by `steady`, this connection was last used."""
        self._confirming = threading.Lock()

    def try_lock(self, neighbour: str) -> AbstractContextManager[bool]:
        """Whether this relay may call the neighbour until the end of the block."""
        self.used_at = steady()
        return database.try_lock(self._db, LOCKS[neighbour])

    def confirm_lock(self) -> float:
        """Since when, by `steady`, the lock is certainly held. Raises SQLAlchemyError if it was lost.

        As long as the connection lasts, no other relay has worked, and what this one decided still holds. May be called
        by several threads.
        """
        with self._confirming:
            if steady() - self.used_at > CONFIRM_AFTER:
                self._execute("SELECT 1")
            return self.used_at

    def close(self) -> None:
        """Close the connection. Must not be called during other use."""
        self._db.close()

    def _execute(self, sql: str, parameters: Any = None, columns: tuple[str, ...] = ()) -> Sequence[Any]:
        began = steady()
        with self._db.begin():
            result = self._db.execute(_statement(sql, columns), parameters)
            rows = result.all() if result.returns_rows else []
        self.used_at = began
        return rows

    # --- neighbours

    def neighbour(self, name: str, now: float) -> tuple[Neighbour, float, float]:
        """CHT or RapidPro, when there is work for it, and the latest `poll_at` of both."""
        look = f"""SELECT {NEIGHBOUR}, (SELECT MAX(poll_at) FROM neighbours) AS latest_poll,
            (SELECT MIN(due_at) FROM ({DUE_TIMES[name]}) AS times) AS due_at FROM neighbours WHERE name = :name"""
        columns = (*Neighbour._fields, "latest_poll", "due_at")
        (*neighbour, latest_poll, due), *_ = self._execute(look, {"name": name, "now": now}, columns)
        return (found := Neighbour(*neighbour)), max(found.blocked_until, NEVER if due is None else due), latest_poll

    def save_neighbour(self, neighbour: Neighbour) -> None:
        """Store the outcome of a sync with a neighbour."""
        changes = ", ".join(f"{name} = :{name}" for name in Neighbour._fields)
        self._execute(f"UPDATE neighbours SET {changes} WHERE name = :name", neighbour._asdict())

    # --- CHT: incoming texts, and states of outgoing ones

    def due_for_cht(self, now: float, limit: int) -> tuple[list[Message], list[StateUpdate]]:
        """Texts and state updates for CHT, oldest first."""
        texts = "SELECT id, phone, content, attempts FROM inbox WHERE due_at <= :now ORDER BY seq LIMIT :limit"
        updates = "SELECT id, status, reason FROM outbox WHERE unreported ORDER BY seq LIMIT :limit"
        values = {"now": now, "limit": limit}
        return (
            [Message(*row) for row in self._execute(texts, values, Message._fields)],
            [StateUpdate(*row) for row in self._execute(updates, values, StateUpdate._fields)],
        )

    def save_exchange(
        self, texts: Iterable[Message], updates: Iterable[StateUpdate], messages: Iterable[Message], now: float
    ) -> None:
        """CHT confirmed texts and updates, and handed out messages: store the new ones, report the status of all."""
        changes: dict[str, Iterable[Message | StateUpdate]] = {
            "UPDATE inbox SET due_at = NULL WHERE id = :id": texts,
            "UPDATE outbox SET unreported = FALSE WHERE id = :id AND status = :status": updates,
            """INSERT INTO outbox (id, phone, content, due_at) VALUES (:id, :phone, :content, :now)
                ON CONFLICT (id) DO UPDATE SET unreported = TRUE""": messages,
        }
        with self._db.begin():
            for sql, rows in changes.items():
                if values := [{**row._asdict(), "now": now} for row in rows]:
                    self._db.execute(_statement(sql), values)

    def postpone(self, texts: Iterable[Message], due_at: float) -> None:
        """A request with these texts failed: from now on each is sent alone, and not before `due_at`."""
        values = [{"id": text.id, "due_at": due_at} for text in texts]
        self._execute("UPDATE inbox SET attempts = attempts + 1, due_at = :due_at WHERE id = :id", values)

    # --- RapidPro: outgoing texts

    def ready_to_send(self, now: float, limit: int) -> list[OutgoingText]:
        """The next texts to send, none that an earlier text to the same phone holds back."""
        return self._outgoing(f"due_at <= :now AND {OUTGOING_READY} ORDER BY due_at, seq LIMIT {limit}", now)

    def due_for_lookup(self, now: float) -> list[OutgoingText]:
        """Texts whose outcome is unknown."""
        return self._outgoing("send_state = 'sending' AND due_at <= :now", now)

    def due_for_check(self, now: float, limit: int) -> list[OutgoingText]:
        """Accepted texts whose status is to be checked."""
        return self._outgoing(f"send_state = 'accepted' AND due_at <= :now ORDER BY due_at, seq LIMIT {limit}", now)

    def _outgoing(self, condition: str, now: float) -> list[OutgoingText]:
        sql = f"SELECT {', '.join(OutgoingText._fields)} FROM outbox WHERE {condition}"
        return [OutgoingText(*row) for row in self._execute(sql, {"now": now}, OutgoingText._fields)]

    def save(self, *texts: OutgoingText) -> None:
        """Store changed texts. CHT is told of each new status, also if it is told of the one before at this moment."""
        changes = ", ".join(f"{name} = :{name}" for name in OutgoingText._fields[4:])
        sql = f"UPDATE outbox SET unreported = unreported OR status <> :status, {changes} WHERE seq = :seq"
        # In the order of seq, as updates are finished, so that the two cannot wait for each other in PostgreSQL.
        if values := [text._asdict() for text in sorted(texts)]:
            self._execute(sql, values)

    def claimed_ids(self, ids: Set[str]) -> Set[str]:
        """Which of these ids of broadcasts and messages already belong to a text."""
        sql = "SELECT {0} FROM outbox WHERE {0} = :id"
        columns = ("broadcast_id", "broadcast_uuid", "message_ref")
        union = " UNION ".join(sql.format(column) for column in columns)
        return {id_ for id_ in ids if self._execute(union, {"id": id_})}

    # --- maintenance

    def prune(self, now: float) -> None:
        """Delete finished texts that are older than RETENTION."""
        before = {"before": now - RETENTION}
        self._execute("DELETE FROM inbox WHERE due_at IS NULL AND received_at < :before", before)
        self._execute("DELETE FROM outbox WHERE due_at IS NULL AND NOT unreported AND search_from < :before", before)


class WebStore(Store):
    """What the web app asks of the database, from any thread. Raises one of ERRORS if it is not answered in time."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._commits = database.GroupCommit(partial(commit, self._db))

    def close(self) -> None:
        """Close the connection. Must not be called during other use."""
        self._commits.close()
        super().close()

    def add_incoming(self, message: Message, now: float) -> bool:
        """Store a text for CHT, once however often it comes. False if a different text has its id.

        If it raises TimeoutError, the text may still be stored.
        """
        stored: bool = self._commits.ask({**message._asdict(), "now": now}, TEXT_SECONDS)
        return stored

    def health(self) -> Health:
        """The state of the queues, if the database can be written at this moment."""
        health: Health = self._commits.ask(None, HEALTH_SECONDS)
        return health


def commit(db: sqlalchemy.Connection, requests: Sequence[Any]) -> list[Any]:
    """In one transaction: store texts, and say for each whether it is stored; for each None, read the health."""
    texts = [text for text in requests if text is not None]
    with db.begin():
        added = db.execute(_statement(ADD_INCOMING), texts).rowcount if texts else 0
        return [
            _read_health(db)
            if text is None
            else added == len(texts) or db.execute(_statement(STORED_INCOMING), text).first() is not None
            for text in requests
        ]


def _read_health(db: sqlalchemy.Connection) -> Health:
    # SQLite would write nothing if nothing changed.
    db.execute(_statement("UPDATE neighbours SET checks = checks + 1 WHERE name = 'cht'"))
    sizes, oldest = (db.execute(_statement(sql)).one()._asdict() for sql in (QUEUES, OLDEST_TEXTS))
    neighbours = db.execute(_statement(f"SELECT {NEIGHBOUR} FROM neighbours ORDER BY name"))
    return Health(sizes, oldest, [Neighbour(*row) for row in neighbours])
