"""The statements that the store runs often, built once."""

from __future__ import annotations

from sqlalchemy import BindParameter, and_, bindparam, exists, func, or_, select, update

from relay.messages import Stage
from relay.tables import inbox, neighbours, outbox

PATIENCE = 3
"""Attempts during which a text in trouble holds back later ones to or from the same phone, to keep their order."""

WAITING = inbox.c.told_at.is_(None)
_NOW = bindparam("now", type_=inbox.c.next_at.type)
_MOST: BindParameter[int] = bindparam("most")
_WHO = neighbours.c.name == bindparam("who")
_MINE = neighbours.c.owner == bindparam("me")

_before = inbox.alias()
_HELD_IN = exists().where(
    _before.c.told_at.is_(None),
    _before.c.phone == inbox.c.phone,
    _before.c.seq < inbox.c.seq,
    _before.c.next_at > _NOW,
    _before.c.attempts < PATIENCE,
)
_earlier = outbox.alias()
_HELD_OUT = exists().where(
    _earlier.c.phone == outbox.c.phone,
    _earlier.c.seq < outbox.c.seq,
    or_(_earlier.c.stage == Stage.SENDING, and_(_earlier.c.stage == Stage.READY, _earlier.c.next_at > _NOW)),
    _earlier.c.attempts < PATIENCE,
)
_READY = and_(outbox.c.stage == Stage.READY, ~_HELD_OUT)
_UNSETTLED = outbox.c.stage.in_([Stage.SENDING, Stage.NAMELESS])

# Rows that another relay is claiming at this moment are skipped; it will have taken them.
NEIGHBOURS = select(neighbours).order_by(neighbours.c.name).with_for_update(skip_locked=True)
TAKE_LEASE = update(neighbours).where(_WHO).values(owner=bindparam("me"), lease_until=bindparam("until"))
KEEP_LEASE = update(neighbours).where(_WHO, _MINE).values(lease_until=bindparam("until"))
RELEASE = update(neighbours).where(_WHO, _MINE).values(owner=None)
WAKE = update(neighbours).where(_WHO, neighbours.c.due_at > _NOW).values(due_at=_NOW)

IN_DUE = (
    select(inbox.c.seq, inbox.c.id, inbox.c.phone, inbox.c.text, inbox.c.attempts)
    .where(WAITING, inbox.c.next_at <= _NOW, ~_HELD_IN)
    .order_by(inbox.c.seq)
    .limit(_MOST)
)
TO_TELL = (
    select(outbox.c.id, outbox.c.status, outbox.c.reason).where(outbox.c.to_tell).order_by(outbox.c.seq).limit(_MOST)
)
TOLD = (
    update(outbox).where(outbox.c.id == bindparam("which"), outbox.c.status == bindparam("was")).values(to_tell=False)
)
READY = select(outbox).where(_READY, outbox.c.next_at <= _NOW).order_by(outbox.c.seq).limit(_MOST)
UNSETTLED = select(outbox).where(_UNSETTLED, outbox.c.next_at <= _NOW).order_by(outbox.c.seq).limit(_MOST)
WATCHED = select(outbox).where(outbox.c.watch_at <= _NOW).order_by(outbox.c.watch_at, outbox.c.seq).limit(_MOST)
NEXT_WORK = {
    "cht": select(func.min(inbox.c.next_at)).where(WAITING, ~_HELD_IN),
    "rapidpro": select(
        select(func.min(outbox.c.next_at)).where(_READY).scalar_subquery(),
        select(func.min(outbox.c.next_at)).where(_UNSETTLED).scalar_subquery(),
        select(func.min(outbox.c.watch_at)).scalar_subquery(),
    ),
}
BEGIN = (
    update(outbox)
    .where(outbox.c.seq == bindparam("which"), outbox.c.stage == Stage.READY)
    .where(exists().where(neighbours.c.name == "rapidpro", _MINE))
    .values(
        stage=Stage.SENDING,
        attempts=outbox.c.attempts + 1,
        looks=0,
        next_at=bindparam("at"),
        sent_at=bindparam("at"),
        since=func.coalesce(outbox.c.since, bindparam("from", type_=outbox.c.since.type)),
    )
)
