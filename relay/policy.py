"""What to do, decided purely: (stored text, what happened, now) -> text to store. No calls, no clock, no database."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from relay.messages import Record, Stage, Status, Trouble

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
LOOKS = 2
"""After a look in vain and the grace, a text must be missing in this many looks: one may show a stale list."""
MARGIN = HOUR
"""How much RapidPro's clock may be behind ours."""
NEAR = 5 * MINUTE
"""Texts as near in time as this are asked for together."""
RAREST = 6 * HOUR
GIVE_UP, GIVE_UP_FAILED = 7 * DAY, DAY
"""How long the state of a text is asked for."""
RAPIDPRO_STATUS: dict[str, Status | None] = {
    "initializing": Status.UNSENT,
    "queued": Status.UNSENT,
    "wired": Status.PENDING,
    "sent": Status.SENT,
    "resent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.DELIVERED,
    "errored": None,  # will be tried again by RapidPro: no news for CHT
    "failed": Status.FAILED,
}
"""RapidPro's words for outgoing messages (rapidpro temba/msgs/models.py); None: the state stays as it is."""


class Incoming(NamedTuple):
    """A stored text for CHT."""

    seq: int
    id: str
    phone: str
    text: str
    attempts: int


class Outgoing(NamedTuple):
    """A stored text for RapidPro.

    next_at     when to send it, look it up, or ask for its state, as its stage says; None: never again
    since       the earliest its broadcast can be, by RapidPro's clock; set before it is sent
    message_at  when RapidPro made its message, by RapidPro's clock; None: not seen yet
    to_tell     CHT is to be told its status
    """

    seq: int
    id: str
    phone: str
    text: str
    stage: str = Stage.READY
    attempts: int = 0
    looks: int = 0
    next_at: float | None = None
    since: float = 0.0
    accepted_at: float = 0.0
    broadcast_id: str | None = None
    broadcast_uuid: str | None = None
    message_ref: str | None = None
    message_at: float | None = None
    status: str = Status.UNSENT
    reason: str | None = None
    to_tell: bool = True


# --- neighbours in trouble


def back_off(failures: int, trouble: Trouble, poll: float) -> float:
    """How long to leave a neighbour alone after its `failures`-th failure in a row."""
    if trouble.wait is not None:
        return trouble.wait
    first, longest = (min(30, 10 * poll), 600) if trouble.slow else (min(5, poll), 120)
    return float(min(first * 2.0 ** min(failures - 1, 10), longest))


def pause(attempts: int, grace: float) -> float:
    """How long to leave one text alone that failed although its neighbour is well."""
    return float(min(grace / 4 * 2.0 ** min(attempts, 10), HOUR))


# --- sending


def sending(text: Outgoing, newest: float, now: float) -> Outgoing:
    """It is to be sent now. `newest`: the newest moment RapidPro has shown so far, 0 for none.

    Its broadcast can be no older than that, by RapidPro's clock, a minute off for several servers' clocks.
    """
    since = text.since or max(newest - MINUTE, now - MARGIN)
    return text._replace(stage=Stage.SENDING, attempts=text.attempts + 1, looks=0, since=since)


def refused(text: Outgoing, reason: str) -> Outgoing:
    """RapidPro will never take it."""
    return text._replace(stage=Stage.REFUSED, next_at=None, status=Status.FAILED, reason=reason, to_tell=True)


def accepted(text: Outgoing, broadcast: Record, now: float, poll: float) -> Outgoing:
    """RapidPro has it: never send it again, ask for its state from now on."""
    return text._replace(
        stage=Stage.ACCEPTED,
        broadcast_id=broadcast.broadcast,
        broadcast_uuid=broadcast.ref,
        since=broadcast.created_on or text.since,
        accepted_at=now,
        next_at=next_look(now, now, Status.UNSENT, poll),
    )


def not_found(text: Outgoing, now: float, grace: float) -> Outgoing:
    """RapidPro was asked and shows no broadcast of this text: look again, or send it again."""
    if text.looks < LOOKS:
        return text._replace(looks=text.looks + 1, next_at=now + (grace / 4 if text.looks else grace))
    again = now + (pause(text.attempts, grace) if text.attempts > 1 else 0)
    return text._replace(stage=Stage.READY, next_at=again)


# --- states


def next_look(now: float, accepted_at: float, status: str, poll: float) -> float | None:
    """When to ask for a text's state again; None for never.

    Ever less often, so that the quota is bounded; on a grid, so that many texts share a request.
    """
    age = now - accepted_at
    if status == Status.DELIVERED or age > (GIVE_UP_FAILED if status == Status.FAILED else GIVE_UP):
        return None
    grid = max(poll, 1.0)
    return math.ceil((now + min(max(age / 2, grid), max(RAREST, grid))) / grid) * grid


class Question(NamedTuple):
    """One listing that may answer for several texts: a broadcast's messages, or those between two moments."""

    texts: Sequence[Outgoing]
    broadcast: str | None = None
    after: float | None = None
    before: float | None = None

    @property
    def most_pages(self) -> int:
        """More pages than this would cost more than asking for each text by name."""
        return max(2, len(self.texts))


def questions(texts: Sequence[Outgoing]) -> list[Question]:
    """The fewest listings that answer for all texts."""
    groups: list[list[Outgoing]] = []
    for text in sorted(texts, key=_time):
        if not groups or _time(text) - _time(groups[-1][-1]) > NEAR:
            groups.append([])
        groups[-1].append(text)
    return [_question(group) for group in groups]


def _question(group: Sequence[Outgoing]) -> Question:
    if len(group) == 1 and group[0].broadcast_id:
        return by_name(group[0])
    all_seen = all(text.message_at for text in group)
    return Question(group, after=_time(group[0]), before=_time(group[-1]) if all_seen else None)


def by_name(text: Outgoing) -> Question:
    """Ask for one text's broadcast."""
    return Question([text], broadcast=text.broadcast_id)


def _time(text: Outgoing) -> float:
    return text.message_at or text.since


def news(text: Outgoing, sms: Record | None, now: float, poll: float) -> Outgoing:
    """What RapidPro's word about a text changes; None: it showed none."""
    if sms is not None:
        text = text._replace(
            message_ref=sms.ref,
            message_at=sms.created_on or text.message_at,
            broadcast_id=text.broadcast_id or sms.broadcast,
        )
        status = RAPIDPRO_STATUS.get(sms.status)
        if status is not None and status.follows(text.status):
            reason = _why(sms) if status is Status.FAILED else None
            text = text._replace(status=status, reason=reason, to_tell=True)
    return text._replace(next_at=next_look(now, text.accepted_at, text.status, poll))


def _why(sms: Record) -> str:
    """RapidPro does not show why a message failed; that nothing could carry it, it does."""
    if not sms.has_channel:
        return "No channel or address in RapidPro reaches this phone."
    return "The text could not be delivered to the phone."
