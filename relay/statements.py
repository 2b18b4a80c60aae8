"""The statements that the store runs, built once. They are given `now` and `most` where they name them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, bindparam, exists, func, or_, select, update

from relay.messages import Stage
from relay.policy import Incoming, Outgoing
from relay.tables import inbox, neighbours, outbox

PATIENCE = 3
"""Attempts during which a text in trouble holds back later ones to or from the same phone, to keep their order."""

_now: BindParameter[float] = bindparam("now")
_most: BindParameter[int] = bindparam("most")
_before, _earlier = inbox.alias(), outbox.alias()
_WAITING = inbox.c.told_at.is_(None) & ~exists().where(
    _before.c.phone == inbox.c.phone,
    _before.c.told_at.is_(None),
    _before.c.seq < inbox.c.seq,
    _before.c.next_at > _now,
    _before.c.attempts < PATIENCE,
)
_READY = (outbox.c.stage == Stage.READY) & ~exists().where(
    _earlier.c.phone == outbox.c.phone,
    or_(_earlier.c.stage == Stage.READY, _earlier.c.stage == Stage.SENDING),
    _earlier.c.seq < outbox.c.seq,
    _earlier.c.attempts < PATIENCE,
)
_SENDING, _ACCEPTED = outbox.c.stage == Stage.SENDING, outbox.c.stage == Stage.ACCEPTED
NAMELESS = _ACCEPTED & outbox.c.broadcast_id.is_(None) & outbox.c.broadcast_uuid.is_(None)
_COLUMNS = [outbox.c[name] for name in Outgoing._fields]
OUTGOING = select(*_COLUMNS)


def _first(column: Any, condition: Any) -> Any:
    return select(column).where(condition, column.is_not(None)).order_by(column).limit(1).scalar_subquery()


def _count(condition: Any) -> Any:
    return select(func.count()).where(condition).scalar_subquery()


DUE = select(
    *neighbours.c["name", "due_at", "blocked_until", "failures"],
    _first(inbox.c.next_at, _WAITING),
    exists().where(outbox.c.to_tell),
    *(_first(outbox.c.next_at, condition) for condition in (_READY, _SENDING, _ACCEPTED)),
).order_by(neighbours.c.name)
SIZES = select(
    _count(inbox.c.told_at.is_(None)).label("to_cht"),
    _count(outbox.c.stage == Stage.READY).label("to_send"),
    _count(_SENDING).label("outcome_unknown"),
    _count(outbox.c.to_tell).label("states_to_tell"),
    _count(_ACCEPTED & outbox.c.next_at.is_not(None)).label("states_to_ask"),
)
IN = select(*(inbox.c[name] for name in Incoming._fields)).where(_WAITING, inbox.c.next_at <= _now)
IN = IN.order_by(inbox.c.seq).limit(_most)
TO_TELL = select(outbox.c.id, outbox.c.status, outbox.c.reason).where(outbox.c.to_tell)
TO_TELL = TO_TELL.order_by(outbox.c.seq).limit(_most)
# Their SET clauses follow from what they are given to execute.
FARED = update(neighbours).where(neighbours.c.name == bindparam("which"))
HANDED_OVER = update(inbox).where(inbox.c.seq == bindparam("which"))
TOLD = update(outbox).where(outbox.c.id == bindparam("which"), outbox.c.status == bindparam("was"))
CHANGE = update(outbox).where(outbox.c.seq == bindparam("which"))
UNSETTLED = OUTGOING.where(_SENDING, outbox.c.next_at <= _now)
WATCHED = OUTGOING.where(_ACCEPTED, outbox.c.next_at <= _now).order_by(outbox.c.next_at, outbox.c.seq).limit(_most)
_NEXT = select(outbox.c.seq).where(_READY, outbox.c.next_at <= _now).order_by(outbox.c.next_at, outbox.c.seq)
# A row that another relay is taking at this moment is passed over.
BEGIN = (
    update(outbox)
    .where(outbox.c.seq == _NEXT.limit(1).with_for_update(skip_locked=True).correlate(None).scalar_subquery())
    .values(
        stage=Stage.SENDING,
        attempts=outbox.c.attempts + 1,
        looks=0,
        since=func.coalesce(outbox.c.since, bindparam("earliest")),
    )
    .returning(*_COLUMNS)
)
