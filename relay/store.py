"""The relay's memory, and its only state: what is on disk here is safe, whatever dies.

Every method is one short transaction; none is open while a neighbour is called. Claims (`claim`, `begin`) decide in
the database, so that several relays on one database never do the same thing twice: each neighbour has one row,
whoever holds its lease works with that neighbour, and a lease that ran out, or whose process is dead, is taken over.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError, ProgrammingError

from relay.cht import Report
from relay.messages import Broadcast, Message, Stage
from relay.owner import is_dead, owner_name
from relay.policy import FAR, Changes, Incoming, Outgoing
from relay.statements import (
    BEGIN,
    IN_DUE,
    KEEP_LEASE,
    NEIGHBOURS,
    NEXT_WORK,
    READY,
    RELEASE,
    TAKE_LEASE,
    TO_TELL,
    TOLD,
    UNSETTLED,
    WAITING,
    WAKE,
    WATCHED,
)
from relay.tables import inbox, metadata, neighbours, open_engine, outbox

LEASE = timedelta(seconds=90)
"""Longer than any single call can take (relay.wire), so that a living owner never loses its lease within one."""
LOCKED = timedelta(seconds=1)
"""When to look again at a neighbour that another relay is claiming at this very moment."""
KEEP = timedelta(days=30)
"""How long finished texts are remembered; CHT repeats a text for 7 days at most."""


class Store:
    """Opens the database and makes its tables. Raises sqlalchemy.exc.SQLAlchemyError or ImportError if it cannot."""

    def __init__(self, url: str) -> None:
        self._lock = threading.RLock()  # one connection for all threads: transactions are short
        self._db = open_engine(url).connect()
        self.owner = owner_name(self)
        # Whoever starts at the same moment may be faster with any of these.
        with suppress(IntegrityError, ProgrammingError), self._begin() as db:
            metadata.create_all(db)
        for name in ("cht", "rapidpro"):
            with suppress(IntegrityError), self._begin() as db:
                db.execute(insert(neighbours), {"name": name})

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with self._lock, self._db.begin():
            yield self._db

    def close(self) -> None:
        """Give up all leases and close the database."""
        with self._begin() as db:
            db.execute(update(neighbours).where(neighbours.c.owner == self.owner).values(owner=None))
        self._db.close()

    # --- who works when

    def claim_due(self, now: datetime) -> tuple[list[Row[Any]], datetime]:
        """Take the leases on all neighbours that are due, free, and not to be left alone.

        Their rows as they were, and the moment at which the others will be.
        """
        claimed, later = [], FAR
        with self._begin() as db:
            rows = db.execute(NEIGHBOURS).all()
            if len(rows) < len(NEXT_WORK):
                later = now + LOCKED
            for row in rows:
                due = max(row.due_at, row.blocked_until, self._free_at(row, now))
                if due > now:
                    later = min(later, due)
                else:
                    db.execute(TAKE_LEASE, {"who": row.name, "me": self.owner, "until": now + LEASE})
                    claimed.append(row)
        return claimed, later

    def _free_at(self, row: Row[Any], now: datetime) -> datetime:
        free = row.owner in {None, self.owner} or row.lease_until <= now or is_dead(row.owner)
        until: datetime = row.blocked_until if free else row.lease_until
        return until

    def keep(self, name: str, now: datetime) -> bool:
        """Lengthen the lease; False if it was lost meanwhile: then hands off."""
        with self._begin() as db:
            return self._keep(db, name, now)

    def _keep(self, db: Connection, name: str, now: datetime) -> bool:
        return bool(db.execute(KEEP_LEASE, {"who": name, "me": self.owner, "until": now + LEASE}).rowcount)

    def release(self, name: str, now: datetime, at_latest: datetime, **values: Any) -> None:
        """End a pass: free the lease, store back-off and last error, come back when there is work or `at_latest`."""
        with self._begin() as db:
            found = db.execute(NEXT_WORK[name], {"now": now}).one()
            due_at = min((when for when in found if when is not None), default=FAR)
            db.execute(RELEASE, {"who": name, "me": self.owner, **values, "due_at": min(due_at, at_latest)})

    # --- in: RapidPro to CHT

    def receive(self, message: Message, now: datetime) -> bool:
        """Store a text for CHT. False if another text has its id; the same text again is stored once."""
        row = {"id": message.id, "phone": message.phone, "text": message.text, "received_at": now, "next_at": now}
        try:
            with self._begin() as db:
                db.execute(insert(inbox), row)
                db.execute(WAKE, {"who": "cht", "now": now})
        except IntegrityError:
            with self._begin() as db:
                known = db.execute(select(inbox.c.phone, inbox.c.text).where(inbox.c.id == message.id)).first()
            return known is None or (known.phone, known.text) == (message.phone, message.text)
        return True

    def due_for_cht(self, now: datetime, most: int) -> tuple[list[Incoming], list[Report]]:
        """Texts and states to tell CHT, oldest first."""
        with self._begin() as db:
            texts = [Incoming(*row) for row in db.execute(IN_DUE, {"now": now, "most": most})]
            reports = [Report(*row) for row in db.execute(TO_TELL, {"most": most})]
        return texts, reports

    def told(
        self, texts: Sequence[Incoming], reports: Sequence[Report], handed: Sequence[Message], now: datetime
    ) -> None:
        """CHT confirmed texts and states, and handed out texts to send."""
        with self._begin() as db:
            if texts:
                db.execute(update(inbox).where(inbox.c.seq.in_([t.seq for t in texts])).values(told_at=now))
            if reports:  # unless the state changed while it was being told
                db.execute(TOLD, [{"which": report.id, "was": report.status} for report in reports])
            if handed:
                self._take(db, handed, now)

    def _take(self, db: Connection, handed: Sequence[Message], now: datetime) -> None:
        """Texts of CHT's that are new are to be sent; of all, CHT is to be told the state, so that it goes on."""
        ids = {message.id: message for message in handed}
        known = set(db.execute(select(outbox.c.id).where(outbox.c.id.in_(ids))).scalars())
        if known:
            db.execute(update(outbox).where(outbox.c.id.in_(known)).values(to_tell=True))
        new = [message for message in ids.values() if message.id not in known]
        if new:
            rows = [{"id": m.id, "phone": m.phone, "text": m.text, "received_at": now, "next_at": now} for m in new]
            db.execute(insert(outbox), rows)
            db.execute(WAKE, {"who": "rapidpro", "now": now})

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
        return self._texts(UNSETTLED, {"now": now, "most": 500})

    def watched(self, until: datetime) -> list[Outgoing]:
        """Accepted texts whose state is to be asked by then."""
        return self._texts(WATCHED, {"now": until, "most": 1000})

    def _texts(self, query: Any, params: Mapping[str, Any]) -> list[Outgoing]:
        with self._begin() as db:
            return [Outgoing(**row._mapping) for row in db.execute(query, params)]

    def begin(self, text: Outgoing, now: datetime, since: datetime) -> bool:
        """Store the intent to send, before it is sent. False: not ours to send, by now."""
        with self._begin() as db:
            began = db.execute(BEGIN, {"which": text.seq, "me": self.owner, "at": now, "from": since}).rowcount
            return bool(began) and self._keep(db, "rapidpro", now)

    def change(self, text: Outgoing, changes: Changes, now: datetime) -> bool:
        """Store what a decision changes. False if its broadcast or message belongs to another text of ours."""
        try:
            with self._begin() as db:
                # Somebody else's newer decision stands: the text must be as it was when this one was taken.
                as_it_was = (outbox.c.stage == text.stage, outbox.c.attempts == text.attempts)
                db.execute(update(outbox).where(outbox.c.seq == text.seq, *as_it_was).values(**changes))
                if changes.get("to_tell"):
                    db.execute(WAKE, {"who": "cht", "now": now})
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
                    outbox.c.stage.in_([Stage.ACCEPTED, Stage.NAMELESS, Stage.REFUSED]),
                    outbox.c.watch_at.is_(None),
                    ~outbox.c.to_tell,
                )
            )

    def health(self) -> dict[str, Any]:
        """Sizes of the queues and the neighbours' rows."""
        with self._begin() as db:
            by_stage = select(outbox.c.stage, func.count()).group_by(outbox.c.stage)
            stages = {row[0]: row[1] for row in db.execute(by_stage)}
            sizes = {
                "to_cht": db.execute(select(func.count()).where(WAITING)).scalar(),
                "to_send": stages.get(Stage.READY, 0),
                "outcome_unknown": stages.get(Stage.SENDING, 0),
                "states_to_tell": db.execute(select(func.count()).where(outbox.c.to_tell)).scalar(),
                "states_to_ask": db.execute(select(func.count()).where(outbox.c.watch_at.is_not(None))).scalar(),
            }
            return {**sizes, "neighbours": {row.name: row for row in db.execute(select(neighbours))}}
