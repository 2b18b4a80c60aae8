"""The relay's memory, and its only state: what is on disk here is safe, whatever dies.

Every method is one short transaction; none is open while a neighbour is called. The web adds to the inbox by a
connection of its own; all else is read and changed by the one relay whose turn it is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence, Set
from contextlib import AbstractContextManager, suppress
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Engine, TextClause, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, ProgrammingError
from sqlalchemy.pool import NullPool

from relay import sql
from relay.messages import Message, Report
from relay.policy import DAY, Incoming, Outgoing
from relay.turn import turn

FAR = 253e9
"""A moment that never comes."""
KEEP = 30 * DAY
"""How long finished texts are remembered; CHT repeats a text for 7 days at most."""


class Neighbour(NamedTuple):
    """How it stands with CHT or RapidPro: when there is something to do there, and its failures in a row."""

    name: str
    due_at: float
    blocked_until: float
    failures: int
    error: str | None


@lru_cache(maxsize=4)  # the engine keeps compiled statements; connections it keeps none
def open_engine(url: str) -> Engine:
    """SQLite (WAL, each commit on disk, one writer at a time) or PostgreSQL. Raises ArgumentError for any other."""
    kind = make_url(url)
    if kind.get_backend_name() == "postgresql":
        return create_engine(kind, poolclass=NullPool)
    if kind.get_backend_name() != "sqlite" or kind.database in {None, "", ":memory:"}:
        raise ArgumentError("it must be an SQLite file or PostgreSQL")
    how = {"timeout": 30, "check_same_thread": False, "isolation_level": "IMMEDIATE"}
    engine = create_engine(kind, poolclass=NullPool, connect_args=how)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # a commit is on disk, not on its way there

    return engine


class Store:
    """Opens the database and makes its tables. Raises sqlalchemy.exc.SQLAlchemyError or ImportError if it cannot."""

    def __init__(self, url: str) -> None:
        engine = open_engine(url)
        self._work, self._web = engine.connect(), engine.connect()
        self._serving = threading.Lock()
        key = "INTEGER PRIMARY KEY" if engine.name == "sqlite" else "BIGSERIAL PRIMARY KEY"
        # Another relay that starts at the same moment may be faster, and then has made all of it.
        with suppress(IntegrityError, ProgrammingError), self._work.begin():
            for statement in sql.SCHEMA.format(key=key).split(";"):
                self._work.exec_driver_sql(statement)

    def turn(self) -> AbstractContextManager[bool]:
        """Whether it is this relay's turn to call the neighbours, until the end of the block."""
        return turn(self._work)

    def close(self) -> None:
        """Close the database."""
        self._work.close()
        self._web.close()

    # --- who works when

    def neighbours(self, now: float) -> list[tuple[float, Neighbour]]:
        """CHT and RapidPro, each after the moment when there is something to do with it."""
        with self._work.begin():
            cht, rapidpro = (Neighbour(*row) for row in self._work.execute(sql.NEIGHBOURS))
            text_in, state, *out = self._work.execute(sql.DUE, {"now": now}).one()
        return [_due(cht, [cht.due_at, text_in, state]), _due(rapidpro, out)]

    def fared(self, neighbour: Neighbour) -> None:
        """Keep how a pass with a neighbour went."""
        self._run(sql.FARED, neighbour._asdict())

    # --- in: RapidPro to CHT

    def receive(self, message: Message, now: float) -> bool:
        """Store a text for CHT. False if another text has its id; the same text again is stored once."""
        with self._serving, self._web.begin():
            self._web.execute(sql.RECEIVE, {**message._asdict(), "now": now})
            kept = self._web.execute(sql.RECEIVED, {"id": message.id}).one()
        return tuple(kept) == (message.phone, message.text)

    def for_cht(self, now: float, most: int) -> tuple[list[Incoming], list[Report]]:
        """Texts and states to tell CHT, oldest first."""
        texts = self._run(sql.FOR_CHT, {"now": now, "most": most})
        return [Incoming(*row) for row in texts], [Report(*row) for row in self._run(sql.TO_TELL, {"most": most})]

    def told(self, texts: Sequence[Incoming], reports: Sequence[Report], handed: Sequence[Message], now: float) -> None:
        """CHT confirmed texts and states, and handed out texts: the new are to be sent, of all it is to be told."""
        with self._work.begin():
            for statement, rows in (
                (sql.HANDED_OVER, [{"seq": text.seq} for text in texts]),
                (sql.TOLD, [{"id": told.id} for told in reports]),
                (sql.TAKE, [{**message._asdict(), "now": now} for message in handed]),
            ):
                if rows:
                    self._work.execute(statement, rows)

    def blame(self, texts: Sequence[Incoming], next_at: float) -> None:
        """These were in a request that failed: from now on each goes alone, not before `next_at`."""
        self._run(sql.BLAME, [{"seq": text.seq, "next_at": next_at} for text in texts])

    # --- out: CHT to RapidPro

    def next(self, now: float) -> Outgoing | None:
        """The next text to send; none past an earlier one in trouble to the same phone."""
        return next((Outgoing(*row) for row in self._run(sql.NEXT, {"now": now})), None)

    def unsettled(self, now: float) -> list[Outgoing]:
        """Texts to look up in RapidPro now, their outcome being unknown; with them those accepted under no name."""
        return [Outgoing(*row) for row in self._run(sql.UNSETTLED, {"now": now})]

    def watched(self, now: float, most: int) -> list[Outgoing]:
        """Accepted texts whose state is to be asked."""
        return [Outgoing(*row) for row in self._run(sql.WATCHED, {"now": now, "most": most})]

    def save(self, *texts: Outgoing) -> None:
        """Store what was decided."""
        if texts:
            self._run(sql.SAVE, [text._asdict() for text in texts])

    def taken(self, names: Set[str]) -> Set[str]:
        """Those names of broadcasts and messages that belong to texts of ours already."""
        rows = self._run(sql.TAKEN, {"names": list(names)}) if names else []
        return names & {name for row in rows for name in row}

    # --- looking after itself

    def prune(self, now: float) -> None:
        """Forget finished texts after KEEP."""
        for statement in sql.FORGET:
            self._run(statement, {"before": now - KEEP})

    def health(self) -> tuple[dict[str, int], list[Neighbour]]:
        """Sizes of the queues, and how it stands with the neighbours."""
        with self._serving, self._web.begin():
            queues = self._web.execute(sql.QUEUES).one()._asdict()
            return queues, [Neighbour(*row) for row in self._web.execute(sql.NEIGHBOURS)]

    def _run(self, statement: TextClause, given: Any) -> Sequence[Any]:
        with self._work.begin():
            result = self._work.execute(statement, given)
            return result.all() if result.returns_rows else []


def _due(neighbour: Neighbour, work: Iterable[float | None]) -> tuple[float, Neighbour]:
    due = min((at for at in work if at is not None), default=FAR)
    return max(neighbour.blocked_until, due), neighbour
