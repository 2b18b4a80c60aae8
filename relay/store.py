"""The relay's memory, and its only state: what is on disk here is safe, whatever dies.

Every method is one short transaction; none is open while a neighbour is called.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError, ProgrammingError

from relay.messages import Message, Report
from relay.policy import DAY, Changes, Incoming, Outgoing
from relay.statements import (
    BEGIN,
    CHANGE,
    DUE,
    FARED,
    HANDED_OVER,
    IN,
    NAMELESS,
    OUTGOING,
    SIZES,
    TO_TELL,
    TOLD,
    UNSETTLED,
    WATCHED,
)
from relay.tables import inbox, neighbours, open_engine, outbox, schema
from relay.turn import FileTurn, ServerTurn

FAR = 253e9
"""A moment that never comes."""
KEEP = 30 * DAY
"""How long finished texts are remembered; CHT repeats a text for 7 days at most."""


class Neighbour(NamedTuple):
    """How it stands with CHT or RapidPro: when there is something to do there, and its failures in a row."""

    name: str
    due: float
    failures: int


class Store:
    """Opens the database and makes its tables. Raises sqlalchemy.exc.SQLAlchemyError or ImportError if it cannot."""

    def __init__(self, url: str) -> None:
        engine = open_engine(url)
        self._work, self._web = engine.connect(), engine.connect()
        self._serving = threading.Lock()
        # Whoever starts at the same moment may be faster with any of these.
        with suppress(IntegrityError, ProgrammingError), self._begin() as db:
            for statement in schema(engine.dialect):
                db.exec_driver_sql(statement)
        for name in ("cht", "rapidpro"):
            with suppress(IntegrityError), self._begin() as db:
                db.execute(insert(neighbours), {"name": name})
        self._turn = FileTurn(self._work) if engine.name == "sqlite" else ServerTurn(self._work)

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with self._work.begin():
            yield self._work

    @contextmanager
    def _serve(self) -> Iterator[Connection]:
        with self._serving, self._web.begin():
            yield self._web

    def turn(self) -> AbstractContextManager[bool]:
        """Whether it is this relay's turn to call the neighbours, until the end of the block."""
        return self._turn.take()

    def close(self) -> None:
        """Close the database."""
        for thing in (self._turn, self._work, self._web):
            thing.close()

    # --- who works when

    def due(self, now: float) -> list[Neighbour]:
        """When there is something to do with each neighbour."""
        with self._begin() as db:
            rows = db.execute(DUE, {"now": now}).all()
        return [_neighbour(*row) for row in rows]

    def fared(self, name: str, changes: Changes) -> None:
        """Keep how a pass with a neighbour went: its failures in a row, and how long to leave it alone."""
        with self._begin() as db:
            db.execute(FARED, {"which": name, **changes})

    # --- in: RapidPro to CHT

    def receive(self, message: Message, now: float) -> bool:
        """Store a text for CHT. False if another text has its id; the same text again is stored once."""
        row = message._asdict()
        try:
            with self._serve() as db:
                db.execute(insert(inbox), {**row, "next_at": now})
        except IntegrityError:
            with self._serve() as db:
                known = db.execute(select(inbox.c.phone, inbox.c.text).where(inbox.c.id == message.id)).first()
            return known is None or tuple(known) == (message.phone, message.text)
        return True

    def due_for_cht(self, now: float, most: int) -> tuple[list[Incoming], list[Report]]:
        """Texts and states to tell CHT, oldest first."""
        with self._begin() as db:
            texts = [Incoming(*row) for row in db.execute(IN, {"now": now, "most": most})]
            reports = [Report(*row) for row in db.execute(TO_TELL, {"most": most})]
        return texts, reports

    def told(
        self, texts: Sequence[Incoming], reports: Sequence[Report], handed: Sequence[Message], now: float, due_at: float
    ) -> None:
        """CHT confirmed texts and states, and handed out texts to send; ask it again at `due_at`."""
        with self._begin() as db:
            db.execute(FARED, {"which": "cht", "due_at": due_at})
            if texts:
                db.execute(HANDED_OVER, [{"which": text.seq, "told_at": now} for text in texts])
            if reports:  # unless the state changed while it was being told
                db.execute(TOLD, [{"which": told.id, "was": told.status, "to_tell": False} for told in reports])
            if handed:
                _take(db, handed, now)

    def blame(self, texts: Sequence[Incoming], next_at: float) -> None:
        """These were in a request that failed: from now on each goes alone, not before `next_at`."""
        with self._begin() as db:
            blamed = update(inbox).where(inbox.c.seq.in_([text.seq for text in texts]))
            db.execute(blamed.values(attempts=inbox.c.attempts + 1, next_at=next_at))

    # --- out: CHT to RapidPro

    def begin(self, now: float, earliest: float) -> Outgoing | None:
        """The next text to send; the intent to send it is stored. None past an earlier one in trouble to its phone."""
        with self._begin() as db:
            row = db.execute(BEGIN, {"now": now, "earliest": earliest}).first()
        return Outgoing(*row) if row else None

    def unsettled(self, now: float) -> list[Outgoing]:
        """Texts to look up in RapidPro now, their outcome being unknown; with them those accepted under no name."""
        with self._begin() as db:
            rows = list(db.execute(UNSETTLED, {"now": now}))
            if rows:
                same_phones = outbox.c.phone.in_({row.phone for row in rows})
                recently = outbox.c.since > min(row.since for row in rows) - DAY
                rows += db.execute(OUTGOING.where(NAMELESS, same_phones, recently))
        return [Outgoing(*row) for row in rows]

    def watched(self, now: float, most: int) -> list[Outgoing]:
        """Accepted texts whose state is to be asked."""
        with self._begin() as db:
            return [Outgoing(*row) for row in db.execute(WATCHED, {"now": now, "most": most})]

    def change(self, decided: Iterable[tuple[Outgoing, Changes]]) -> None:
        """Store what decisions change."""
        with self._begin() as db:
            for text, changes in decided:
                db.execute(CHANGE, {"which": text.seq, **changes})

    def taken(self, names: Set[str]) -> Set[str]:
        """Those names of broadcasts and messages that belong to texts of ours already."""
        if not names:
            return set()
        columns = (outbox.c.broadcast_id, outbox.c.broadcast_uuid, outbox.c.message_ref)
        with self._begin() as db:
            rows = db.execute(select(*columns).where(or_(*(column.in_(names) for column in columns)))).all()
        return names & {name for row in rows for name in row}

    # --- looking after itself

    def prune(self, now: float) -> None:
        """Forget finished texts after KEEP."""
        finished = outbox.c.next_at.is_(None) & ~outbox.c.to_tell & (outbox.c.since < now - KEEP)
        with self._begin() as db:
            db.execute(delete(inbox).where(inbox.c.told_at < now - KEEP))
            db.execute(delete(outbox).where(finished))

    def health(self) -> tuple[Mapping[Any, int], Sequence[Any]]:
        """Sizes of the queues, and the neighbours' rows."""
        with self._serve() as db:
            return db.execute(SIZES).one()._mapping, db.execute(select(neighbours)).all()


def _neighbour(name: str, due_at: float, blocked_until: float, failures: int, *work: Any) -> Neighbour:
    text_in, state, send, look, ask = work
    due = [due_at, text_in, 0 if state else None] if name == "cht" else [send, look, ask]
    return Neighbour(name, max(blocked_until, min((at for at in due if at is not None), default=FAR)), failures)


def _take(db: Connection, handed: Sequence[Message], now: float) -> None:
    """Texts of CHT's that are new are to be sent; of all, CHT is to be told the state, so that it goes on."""
    ids = {message.id: message for message in handed}
    again = update(outbox).where(outbox.c.id.in_(ids)).values(to_tell=True).returning(outbox.c.id)
    known = set(db.execute(again).scalars())
    new = [{**message._asdict(), "next_at": now} for message in ids.values() if message.id not in known]
    if new:
        db.execute(insert(outbox), new)
