"""What to do, decided purely: (stored text, what happened, now) -> what to store. No calls, no clock, no database."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from relay.messages import LEGAL, RAPIDPRO_STATUS, Broadcast, Message, Sms, Stage, Status, Trouble

Changes = dict[str, Any]
"""Columns of a text and their new values."""

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
LOOKS = 2
"""After a look in vain and the grace, a text must be missing in this many looks: one may show a stale list."""
MARGIN = HOUR
"""How much RapidPro's clock may be behind ours."""
NEAR = 5 * MINUTE
"""Texts as near in time as this are asked for together."""
RAREST = 6 * HOUR
GIVE_UP = 7 * DAY
GIVE_UP_FAILED = DAY


class Incoming(NamedTuple):
    """A stored text for CHT."""

    seq: int
    id: str
    phone: str
    text: str
    attempts: int

    @property
    def message(self) -> Message:
        return Message(self.id, self.phone, self.text)


class Outgoing(NamedTuple):
    """A stored text for RapidPro.

    next_at     when to send it, look it up, or ask for its state, as its stage says; None: never again
    since       the earliest its broadcast can be, by RapidPro's clock; set before it is sent
    message_at  when RapidPro made its message, by RapidPro's clock; None: not seen yet
    """

    seq: int
    id: str
    phone: str
    text: str
    stage: str
    attempts: int
    looks: int
    next_at: float | None
    since: float
    accepted_at: float | None
    broadcast_id: str | None
    broadcast_uuid: str | None
    message_ref: str | None
    message_at: float | None
    status: str

    @property
    def message(self) -> Message:
        return Message(self.id, self.phone, self.text)


# --- neighbours in trouble


class Timing(NamedTuple):
    """How often to look. `grace`: after a lost answer, the time in which a request may still take effect."""

    poll: float
    grace: float

    def back_off(self, failures: int, trouble: Trouble) -> float:
        """How long to leave a neighbour alone after its `failures`-th failure in a row."""
        if trouble.wait is not None:
            return trouble.wait
        first, longest = (min(30, 10 * self.poll), 600) if trouble.slow else (min(5, self.poll), 120)
        return float(min(first * 2.0 ** min(failures - 1, 10), longest))

    def pause(self, attempts: int) -> float:
        """How long to leave one text alone that failed although its neighbour is well."""
        return float(min(self.grace / 4 * 2.0 ** min(attempts, 10), HOUR))


# --- sending


def earliest(newest: float, now: float) -> float:
    """The earliest moment on RapidPro's clock that a broadcast sent now can bear.

    `newest`: the newest broadcast of ours seen so far, 0 for none; a minute off for several servers' clocks.
    """
    return max(newest - MINUTE, now - MARGIN)


def refused(reason: str) -> Changes:
    """RapidPro will never take it."""
    return {"stage": Stage.REFUSED, "next_at": None, "status": Status.FAILED, "reason": reason, "to_tell": True}


def accepted(text: Outgoing, broadcast: Broadcast, now: float, timing: Timing) -> Changes:
    """RapidPro has it: never send it again, ask for its state from now on."""
    return {
        "stage": Stage.ACCEPTED,
        "broadcast_id": broadcast.id,
        "broadcast_uuid": broadcast.uuid,
        "since": broadcast.created_on or text.since,
        "accepted_at": now,
        "next_at": next_look(now, now, Status.UNSENT, timing.poll),
    }


def not_found(text: Outgoing, now: float, timing: Timing) -> Changes:
    """RapidPro was asked and shows no broadcast of this text: look again, or send it again."""
    if text.looks < LOOKS:
        return {"looks": text.looks + 1, "next_at": now + (timing.grace / 4 if text.looks else timing.grace)}
    return {"stage": Stage.READY, "next_at": now + (timing.pause(text.attempts) if text.attempts > 1 else 0)}


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
        if groups and _time(text) - _time(groups[-1][-1]) <= NEAR:
            groups[-1].append(text)
        else:
            groups.append([text])
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


def news(text: Outgoing, sms: Sms | None, now: float, timing: Timing) -> Changes:
    """What RapidPro's word about a text changes; None: it showed none."""
    changes: Changes = {}
    status = text.status
    if sms is not None:
        changes = {
            "message_ref": sms.ref,
            "message_at": sms.created_on or text.message_at,
            "broadcast_id": text.broadcast_id or sms.broadcast,
        }
        new = RAPIDPRO_STATUS.get(sms.status)
        if new is not None and new in LEGAL[status]:
            status = new
            changes |= {"status": new, "reason": _why(sms) if new is Status.FAILED else None, "to_tell": True}
    return changes | {"next_at": next_look(now, text.accepted_at or now, status, timing.poll)}


def _why(sms: Sms) -> str:
    """RapidPro does not show why a message failed; that nothing could carry it, it does."""
    if not sms.has_channel:
        return "No channel or address in RapidPro reaches this phone."
    return "The text could not be delivered to the phone."
