"""The relay's memory, and its only state: what is on disk here is safe, whatever dies.

Every method is one short transaction; none is open while a neighbour is called. Claims (`claim`, `begin`) decide in
the database, so that several relays on one database never do the same thing twice: each neighbour has one row,
whoever holds its lease works with that neighbour, and a lease that ran out, or whose process is dead, is taken over.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    create_engine,
    delete,
    event,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import StaticPool

from relay.cht import Report
from relay.messages import Broadcast, Message, Stage
from relay.owner import is_dead, owner_name
from relay.policy import FAR, Changes, Incoming, Outgoing
from relay.tables import inbox, metadata, neighbours, outbox

LEASE = timedelta(seconds=90)
"""Longer than any single call can take (relay.wire), so that a living owner never loses its lease within one."""
KEEP = timedelta(days=30)
"""How long finished texts are remembered; CHT repeats a text for 7 days at most."""
PATIENCE = 3
"""Attempts during which a text in trouble holds back later ones to or from the same phone, to keep their order."""

_WAITING = inbox.c.told_at.is_(None)
_other_in, _other_out = inbox.alias(), outbox.alias()
_now = bindparam("now", type_=inbox.c.next_at.type)

SCHEDULE = select(neighbours)
CLAIM = select(neighbours).where(neighbours.c.name == bindparam("name")).with_for_update(skip_locked=True)
INBOX_DUE = (
    select(inbox.c.seq, inbox.c.id, inbox.c.phone, inbox.c.text, inbox.c.attempts)
    .where(_WAITING, inbox.c.next_at <= _now)
    .where(
        ~exists().where(
            _other_in.c.told_at.is_(None),
            _other_in.c.phone == inbox.c.phone,
            _other_in.c.seq < inbox.c.seq,
            _other_in.c.next_at > _now,
            _other_in.c.attempts < PATIENCE,
        )
    )
    .order_by(inbox.c.seq)
    .limit(bindparam("most"))
)
TO_TELL = (
    select(outbox.c.id, outbox.c.status, outbox.c.reason)
    .where(outbox.c.to_tell)
    .order_by(outbox.c.seq)
    .limit(bindparam("most"))
)
READY = (
    select(outbox)
    .where(outbox.c.stage == Stage.READY, outbox.c.next_at <= _now)
    .where(
        ~exists().where(
            _other_out.c.phone == outbox.c.phone,
            _other_out.c.seq < outbox.c.seq,
            or_(
                _other_out.c.stage == Stage.SENDING,
                and_(_other_out.c.stage == Stage.READY, _other_out.c.next_at > _now),
            ),
            _other_out.c.attempts < PATIENCE,
        )
    )
    .order_by(outbox.c.seq)
    .limit(bindparam("most"))
)
_NAMELESS = and_(
    outbox.c.stage == Stage.ACCEPTED,
    outbox.c.broadcast_id.is_(None),
    outbox.c.broadcast_uuid.is_(None),
    outbox.c.watch_at.is_not(None),
)
_OPEN = or_(outbox.c.stage == Stage.SENDING, _NAMELESS)
UNSETTLED = select(outbox).where(_OPEN, outbox.c.next_at <= _now).order_by(outbox.c.seq).limit(500)
WATCHED = select(outbox).where(outbox.c.watch_at <= _now).order_by(outbox.c.watch_at, outbox.c.seq).limit(1000)
NEXT_OUT = (
    select(func.min(outbox.c.next_at)).where(outbox.c.stage.in_([Stage.READY, Stage.SENDING])),
    select(func.min(outbox.c.next_at)).where(_NAMELESS),
    select(func.min(outbox.c.watch_at)),
)
NEXT_IN = select(func.min(inbox.c.next_at)).where(_WAITING)
KEEP_LEASE = (
    update(neighbours)
    .where(neighbours.c.name == bindparam("who"), neighbours.c.owner == bindparam("me"))
    .values(lease_until=bindparam("until"))
)
TAKE_LEASE = (
    update(neighbours)
    .where(neighbours.c.name == bindparam("who"))
    .values(owner=bindparam("me"), lease_until=bindparam("until"))
)
BEGIN = (
    update(outbox)
    .where(outbox.c.seq == bindparam("which"), outbox.c.stage == Stage.READY)
    .values(
        stage=Stage.SENDING,
        attempts=outbox.c.attempts + 1,
        looks=0,
        next_at=bindparam("at"),
        sent_at=bindparam("at"),
        since=func.coalesce(outbox.c.since, bindparam("from", type_=outbox.c.since.type)),
    )
)


class Store:
    """Opens the database and makes its tables. Raises sqlalchemy.exc.SQLAlchemyError or ImportError if it cannot."""

    def __init__(self, url: str) -> None:
        self._lock = threading.RLock()  # SQLite has one writer at a time anyway
        self._engine = _engine(url)
        self.owner = owner_name(self)
        with self._begin() as db:
            metadata.create_all(db)
        for name in ("cht", "rapidpro"):
            try:
                with self._begin() as db:
                    if db.execute(CLAIM, {"name": name}).first() is None:
                        db.execute(insert(neighbours), {"name": name})
            except IntegrityError:
                pass  # another relay made it at the same moment

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with self._lock, self._engine.begin() as db:
            yield db

    def close(self) -> None:
        """Give up all leases and close the database."""
        with self._begin() as db:
            db.execute(update(neighbours).where(neighbours.c.owner == self.owner).values(owner=None))
        self._engine.dispose()

    # --- who works when

    def schedule(self, now: datetime) -> dict[str, datetime]:
        """When each neighbour wants work: the moment it is due, free, and not to be left alone."""
        with self._begin() as db:
            rows = db.execute(SCHEDULE).all()
        return {row.name: max(row.due_at, row.blocked_until, self._free_at(row, now)) for row in rows}

    def _free_at(self, row: Row[Any], now: datetime) -> datetime:
        free = row.owner in {None, self.owner} or row.lease_until <= now or is_dead(row.owner)
        until: datetime = row.blocked_until if free else row.lease_until
        return until

    def claim(self, name: str, now: datetime) -> Row[Any] | None:
        """Take the lease on a neighbour; its row as it was, or None if another relay has it."""
        with self._begin() as db:
            row = db.execute(CLAIM, {"name": name}).first()
            if row is None or self._free_at(row, now) > now:
                return None
            db.execute(TAKE_LEASE, {"who": name, "me": self.owner, "until": now + LEASE})
        return row

    def keep(self, name: str, now: datetime) -> bool:
        """Lengthen the lease; False if it was lost meanwhile: then hands off."""
        with self._begin() as db:
            return self._keep(db, name, now)

    def _keep(self, db: Connection, name: str, now: datetime) -> bool:
        return bool(db.execute(KEEP_LEASE, {"who": name, "me": self.owner, "until": now + LEASE}).rowcount)

    def release(self, name: str, **values: Any) -> None:
        """End a pass: free the lease and store when to come back, back-off, last error."""
        with self._begin() as db:
            if "due_at" not in values:
                found = [db.execute(query).scalar() for query in NEXT_OUT]
                values["due_at"] = min((when for when in found if when is not None), default=FAR)
            db.execute(
                update(neighbours)
                .where(neighbours.c.name == name, neighbours.c.owner == self.owner)
                .values(owner=None, **values)
            )

    @staticmethod
    def _wake(db: Connection, name: str, now: datetime) -> None:
        db.execute(update(neighbours).where(neighbours.c.name == name, neighbours.c.due_at > now).values(due_at=now))

    # --- in: RapidPro to CHT

    def receive(self, message: Message, now: datetime) -> bool:
        """Store a text for CHT. False if another text has its id; the same text again is stored once."""
        row = {"id": message.id, "phone": message.phone, "text": message.text, "received_at": now, "next_at": now}
        try:
            with self._begin() as db:
                db.execute(insert(inbox), row)
                self._wake(db, "cht", now)
        except IntegrityError:
            with self._begin() as db:
                known = db.execute(select(inbox.c.phone, inbox.c.text).where(inbox.c.id == message.id)).first()
            return known is None or (known.phone, known.text) == (message.phone, message.text)
        return True

    def due_for_cht(self, now: datetime, most: int) -> tuple[list[Incoming], list[Report]]:
        """Texts and states to tell CHT, oldest first."""
        with self._begin() as db:
            texts = [Incoming(*row) for row in db.execute(INBOX_DUE, {"now": now, "most": most})]
            reports = [Report(*row) for row in db.execute(TO_TELL, {"most": most})]
        return texts, reports

    def next_in(self) -> datetime:
        """When the next text is to be told to CHT; FAR if none waits."""
        with self._begin() as db:
            return db.execute(NEXT_IN).scalar() or FAR

    def told(
        self, texts: Sequence[Incoming], reports: Sequence[Report], handed: Sequence[Message], now: datetime
    ) -> int:
        """CHT confirmed texts and states, and handed out texts to send; the number of new ones among these."""
        with self._begin() as db:
            if texts:
                db.execute(update(inbox).where(inbox.c.seq.in_([t.seq for t in texts])).values(told_at=now))
            for report in reports:  # unless the state changed while it was being told
                db.execute(
                    update(outbox)
                    .where(outbox.c.id == report.id, outbox.c.status == report.status)
                    .values(to_tell=False)
                )
            return self._take(db, handed, now) if handed else 0

    def _take(self, db: Connection, handed: Sequence[Message], now: datetime) -> int:
        """Texts of CHT's that are new are to be sent; of all, CHT is to be told the state, so that it goes on."""
        ids = {message.id: message for message in handed}
        known = set(db.execute(select(outbox.c.id).where(outbox.c.id.in_(ids))).scalars())
        if known:
            db.execute(update(outbox).where(outbox.c.id.in_(known)).values(to_tell=True))
        new = [message for message in ids.values() if message.id not in known]
        if new:
            rows = [{"id": m.id, "phone": m.phone, "text": m.text, "received_at": now, "next_at": now} for m in new]
            db.execute(insert(outbox), rows)
            self._wake(db, "rapidpro", now)
        return len(new)

    def blame(self, texts: Sequence[Incoming], next_at: datetime) -> None:
        """These were in a request that failed: from now on each goes alone, not before `next_at`."""
        with self._begin() as db:
            db.execute(
                update(inbox)
                .where(inbox.c.seq.in_([t.seq for t in texts]))
                .values(attempts=inbox.c.attempts + 1, next_at=next_at)
            )

    # --- out: CHT to RapidPro

    def ready(self, now: datetime, most: int) -> list[Outgoing]:
        """Texts that may be sent now, oldest first, none past an earlier one in trouble to the same phone."""
        return self._texts(READY, {"now": now, "most": most})

    def unsettled(self, now: datetime) -> list[Outgoing]:
        """Texts to look up in RapidPro now: outcome unknown, or accepted under a name we were not told."""
        return self._texts(UNSETTLED, {"now": now})

    def watched(self, until: datetime) -> list[Outgoing]:
        """Accepted texts whose state is to be asked by then."""
        return self._texts(WATCHED, {"now": until})

    def _texts(self, query: Any, params: Mapping[str, Any]) -> list[Outgoing]:
        with self._begin() as db:
            return [Outgoing(**row._mapping) for row in db.execute(query, params)]

    def begin(self, text: Outgoing, now: datetime, since: datetime) -> bool:
        """Store the intent to send, before it is sent. False: not ours to send, by now."""
        with self._begin() as db:
            if not self._keep(db, "rapidpro", now):
                return False
            return bool(db.execute(BEGIN, {"which": text.seq, "at": now, "from": since}).rowcount)

    def change(self, text: Outgoing, changes: Changes, now: datetime) -> bool:
        """Store what a decision changes. False if its broadcast or message belongs to another text of ours."""
        try:
            with self._begin() as db:
                query = update(outbox).where(outbox.c.seq == text.seq)
                # Somebody else's newer decision stands: only an undecided text may be decided.
                if "stage" in changes:
                    query = query.where(outbox.c.stage == text.stage)
                db.execute(query.values(**changes))
                if changes.get("to_tell"):
                    self._wake(db, "cht", now)
        except IntegrityError:
            return False
        return True

    def taken(self, found: Iterable[Broadcast]) -> set[str]:
        """Those ids and uuids of broadcasts that belong to texts of ours already."""
        names = {name for b in found for name in (b.id, b.uuid) if name is not None}
        with self._begin() as db:
            query = select(outbox.c.broadcast_id, outbox.c.broadcast_uuid).where(
                or_(outbox.c.broadcast_id.in_(names), outbox.c.broadcast_uuid.in_(names))
            )
            return {name for row in db.execute(query) for name in row if name is not None}

    # --- looking after itself

    def prune(self, now: datetime) -> None:
        """Forget finished texts after KEEP."""
        with self._begin() as db:
            db.execute(delete(inbox).where(inbox.c.told_at < now - KEEP))
            db.execute(
                delete(outbox).where(
                    outbox.c.received_at < now - KEEP,
                    outbox.c.stage.in_([Stage.ACCEPTED, Stage.REFUSED]),
                    outbox.c.watch_at.is_(None),
                    ~outbox.c.to_tell,
                )
            )

    def health(self) -> dict[str, Any]:
        """Sizes of the queues and the neighbours' rows."""
        with self._begin() as db:
            by_stage = select(outbox.c.stage, func.count()).group_by(outbox.c.stage)
            stages = {row[0]: row[1] for row in db.execute(by_stage)}
            return {
                "to_cht": db.execute(select(func.count()).where(_WAITING)).scalar(),
                "to_send": stages.get(Stage.READY, 0),
                "outcome_unknown": stages.get(Stage.SENDING, 0),
                "states_to_tell": db.execute(select(func.count()).where(outbox.c.to_tell)).scalar(),
                "states_to_ask": db.execute(select(func.count()).where(outbox.c.watch_at.is_not(None))).scalar(),
                "neighbours": {row.name: row for row in db.execute(SCHEDULE)},
            }


def _engine(url: str) -> Any:
    in_memory = url in {"sqlite://", "sqlite:///:memory:"} or "mode=memory" in url
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    how: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {}
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False}, **how)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # a commit is on disk, not on its way there

    @event.listens_for(engine, "begin")
    def _immediately(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
