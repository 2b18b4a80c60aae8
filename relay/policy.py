"""What to do, decided purely: (stored text, what happened, now) -> what to store. No calls, no clock, no database."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from relay.messages import (
    LEGAL,
    RAPIDPRO_STATUS,
    Accepted,
    Broadcast,
    Message,
    Outcome,
    Refused,
    Sms,
    Stage,
    Status,
    Trouble,
)

Changes = dict[str, Any]
"""Columns of a text and their new values."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FAR = datetime(9999, 1, 1, tzinfo=UTC)
LOOKS = 2
"""After the grace, a text must be missing in this many looks: one answer may come from a stale cache."""
MARGIN = timedelta(hours=1)
"""How much RapidPro's clock may be behind ours."""
NEAR = timedelta(minutes=5)
"""Texts as near in time as this are asked for together."""
LATE = timedelta(minutes=15)
"""A broadcast that has shown no message for so long is asked for by name."""
RAREST = timedelta(hours=6)
GIVE_UP = {Status.FAILED: timedelta(days=1)}
GIVE_UP_OTHERS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A stored text for CHT."""

    seq: int
    id: str
    phone: str
    text: str
    attempts: int

    @property
    def message(self) -> Message:
        return Message(self.id, self.phone, self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A stored text for RapidPro. `since`: the earliest its broadcast can be, by RapidPro's clock; others by ours."""

    seq: int
    id: str
    phone: str
    text: str
    received_at: datetime
    stage: Stage = Stage.READY
    attempts: int = 0
    looks: int = 0
    next_at: datetime
    sent_at: datetime | None = None
    since: datetime | None = None
    accepted_at: datetime | None = None
    broadcast_id: str | None = None
    broadcast_uuid: str | None = None
    message_ref: str | None = None
    message_at: datetime | None = None
    watch_at: datetime | None = None
    status: Status = Status.UNSENT
    reason: str | None = None
    to_tell: bool = True

    @property
    def message(self) -> Message:
        return Message(self.id, self.phone, self.text)


# --- neighbours in trouble


@dataclass(frozen=True, slots=True)
class Timing:
    """How often to look. `grace`: after a lost answer, the time in which a request may still take effect."""

    poll: float = 60.0
    grace: timedelta = timedelta(seconds=120)

    @property
    def look_again(self) -> timedelta:
        """Between two looks for the same thing."""
        return self.grace / 4


def back_off(failures: int, trouble: Trouble, timing: Timing) -> timedelta:
    """How long to leave a neighbour alone after its `failures`-th failure in a row."""
    if trouble.wait is not None:
        return timedelta(seconds=trouble.wait)
    first, longest = (min(30, 10 * timing.poll), 600) if trouble.slow else (min(5, timing.poll), 120)
    return timedelta(seconds=min(first * 2 ** min(failures - 1, 10), longest))


def pause(attempts: int, timing: Timing) -> timedelta:
    """How long to leave one text alone that failed although its neighbour is well."""
    longest: timedelta = timing.look_again * 2 ** min(attempts, 10)
    return min(longest, timedelta(hours=1))


# --- sending


def earliest(mark: datetime | None, now: datetime) -> datetime:
    """The earliest moment on RapidPro's clock that a broadcast sent now can bear.

    `mark`: the newest broadcast of ours seen so far; a minute off for several servers' clocks.
    """
    return now - MARGIN if mark is None else max(mark - timedelta(minutes=1), now - MARGIN)


def begun(text: Outgoing, mark: datetime | None, now: datetime) -> Outgoing:
    """The text as it is once the intent to send it is stored."""
    since = text.since or earliest(mark, now)
    return replace(text, stage=Stage.SENDING, attempts=text.attempts + 1, since=since)


def after_send(text: Outgoing, outcome: Outcome, now: datetime, poll: float) -> Changes:
    """What a send's outcome means for the text."""
    if isinstance(outcome, Accepted):
        return accepted(text, outcome.broadcast, now, poll)
    if isinstance(outcome, Refused):
        return {"stage": Stage.REFUSED, "status": Status.FAILED, "reason": outcome.reason, "to_tell": True}
    return {"sent_at": now, "next_at": now}


def accepted(text: Outgoing, broadcast: Broadcast, now: datetime, poll: float) -> Changes:
    """RapidPro has it: never send it again, ask for its state from now on."""
    return {
        "stage": Stage.ACCEPTED if broadcast.named else Stage.NAMELESS,
        "broadcast_id": broadcast.id,
        "broadcast_uuid": broadcast.uuid,
        "since": broadcast.created_on or text.since,
        "accepted_at": now,
        "next_at": now,
        "watch_at": next_look(now, now, Status.UNSENT, poll),
    }


def not_found(text: Outgoing, now: datetime, timing: Timing) -> Changes:
    """RapidPro was asked and shows no broadcast of this text: wait, look again, or send it again."""
    if text.stage is Stage.NAMELESS:
        age = now - (text.accepted_at or now)
        return {"next_at": now + max(timing.look_again, age)} if age < GIVE_UP_OTHERS else {"stage": Stage.ACCEPTED}
    landed = (text.sent_at or now) + timing.grace
    if now < landed:
        return {"next_at": landed}
    if text.looks + 1 < LOOKS:
        return {"looks": text.looks + 1, "next_at": now + timing.look_again}
    wait = pause(text.attempts, timing) if text.attempts > 1 else timedelta(0)
    return {"stage": Stage.READY, "next_at": now + wait}


# --- states


def next_look(now: datetime, accepted_at: datetime, status: Status, poll: float) -> datetime | None:
    """When to ask for a text's state again; None for never.

    Ever less often, so that the quota is bounded; on a grid, so that many texts share a request.
    """
    age = now - accepted_at
    if status is Status.DELIVERED or age > GIVE_UP.get(status, GIVE_UP_OTHERS):
        return None
    grid = timedelta(seconds=max(poll, 1.0))
    wait = min(max(age / 2, grid), max(RAREST, grid))
    return EPOCH + math.ceil((now + wait - EPOCH) / grid) * grid


@dataclass(frozen=True, slots=True)
class Question:
    """One listing that may answer for several texts: a broadcast's messages, or those between two moments."""

    texts: tuple[Outgoing, ...]
    broadcast: str | None = None
    after: datetime | None = None
    before: datetime | None = None

    @property
    def most_pages(self) -> int:
        """More pages than this would cost more than asking for each text by name."""
        return max(2, len(self.texts))


def questions(texts: Sequence[Outgoing], now: datetime) -> list[Question]:
    """The fewest listings that answer for all texts."""
    asked: list[Question] = []
    groups: list[list[Outgoing]] = []
    for text in sorted(texts, key=_at):
        if text.broadcast_id and not text.message_at and now - (text.accepted_at or now) > LATE:
            asked.append(by_name(text))
        elif groups and _at(text) - _at(groups[-1][-1]) <= NEAR:
            groups[-1].append(text)
        else:
            groups.append([text])
    for group in groups:
        if len(group) == 1 and group[0].broadcast_id:
            asked.append(by_name(group[0]))
            continue
        all_seen = all(text.message_at for text in group)
        asked.append(Question(tuple(group), after=_at(group[0]), before=_at(group[-1]) if all_seen else None))
    return asked


def by_name(text: Outgoing) -> Question:
    """Ask for one text's broadcast."""
    return Question((text,), broadcast=text.broadcast_id)


def _at(text: Outgoing) -> datetime:
    return text.message_at or text.since or text.received_at


def news(text: Outgoing, sms: Sms | None, now: datetime, poll: float) -> Changes:
    """What RapidPro's word about a text changes; None: it showed none."""
    changes: Changes = {}
    status = text.status
    if sms is not None:
        changes |= {"message_ref": sms.ref, "message_at": sms.created_on or text.message_at}
        if sms.broadcast and not text.broadcast_id:
            changes["broadcast_id"] = sms.broadcast
        new = RAPIDPRO_STATUS.get(sms.status)
        if new is not None and new in LEGAL[text.status]:
            status = new
            changes |= {"status": new, "reason": _why(sms) if new is Status.FAILED else None, "to_tell": True}
    return changes | {"watch_at": next_look(now, text.accepted_at or now, status, poll)}


def _why(sms: Sms) -> str:
    """RapidPro does not show why a message failed; that nothing could carry it, it does."""
    if not sms.has_channel:
        return "No channel or address in RapidPro reaches this phone."
    return "The text could not be delivered to the phone."
