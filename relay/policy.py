"""The decisions, as pure functions: (stored text, what happened, now) -> text to store. No calls, clock or database."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from relay.matching import same_phone
from relay.models import CallError, GatewayStatus, OutgoingText, Record, SendState

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
REPEAT_LOOKUPS = 2
"""After the first lookup finds nothing, this many more must find nothing too, since one may show a stale list."""
NO_MESSAGE_PERIOD = DAY / 2
"""How long after its acceptance a text fails of which RapidPro has made no message."""
NO_MESSAGE = "RapidPro made no message of the text: is the contact blocked there?"
MAX_GAP = 5 * MINUTE
"""Texts that were created at most this far apart share a status query."""
MAX_PAGES = 100
"""Pages of one listing that are read: 25,000 broadcasts or messages."""
MAX_CHECK_INTERVAL = 6 * HOUR
CHECK_PERIOD, CHECK_PERIOD_FAILED = 7 * DAY, DAY
"""How long after its acceptance the status of a text is checked; the second is for failed texts."""
GATEWAY_STATUSES: dict[str, GatewayStatus] = {
    "initializing": GatewayStatus.UNSENT,
    "queued": GatewayStatus.UNSENT,
    "wired": GatewayStatus.PENDING,
    "sent": GatewayStatus.SENT,
    "resent": GatewayStatus.SENT,
    "delivered": GatewayStatus.DELIVERED,
    "read": GatewayStatus.DELIVERED,
    "errored": GatewayStatus.UNSENT,  # RapidPro will retry by itself
    "failed": GatewayStatus.FAILED,
}
"""By RapidPro's status of an outgoing message (rapidpro temba/msgs/models.py)."""


# --- failures


def back_off(failures: int, error: CallError, poll_seconds: float) -> float:
    """Seconds to make no call to a neighbour after its `failures`-th failure in a row."""
    if error.retry_after is not None:
        return error.retry_after
    first, longest = (min(30, 10 * poll_seconds), 600) if error.needs_admin else (min(5, poll_seconds), 120)
    return float(min(first * 2.0 ** min(failures - 1, 10), longest))


def retry_delay(attempts: int, settle_seconds: float) -> float:
    """Seconds until the retry of one text that failed although its neighbour is healthy."""
    return float(min(settle_seconds / 4 * 2.0 ** min(attempts, 10), HOUR))


# --- sending


def mark_sending(text: OutgoingText, search_from: float, now: float) -> OutgoingText:
    """It is about to be sent. `search_from`, the earliest time by RapidPro's clock, counts at the first attempt only.

    The broadcast of an earlier attempt may still appear.
    """
    sending = text._replace(send_state=SendState.SENDING, attempts=text.attempts + 1, lookups=0)
    return sending if text.search_from else sending._replace(search_from=search_from, accepted_at=now)


def mark_refused(text: OutgoingText, reason: str) -> OutgoingText:
    """RapidPro will never accept it."""
    return text._replace(status=GatewayStatus.FAILED, reason=reason, send_state=SendState.REFUSED, due_at=None)


def mark_accepted(text: OutgoingText, broadcast: Record, now: float, poll_seconds: float) -> OutgoingText:
    """RapidPro has it: never send it again, check its status from now on."""
    created_on = broadcast.created_on or 0
    return text._replace(
        send_state=SendState.ACCEPTED,
        broadcast_id=broadcast.broadcast_id,
        broadcast_uuid=broadcast.ref,
        search_from=created_on if abs(created_on - text.search_from) < 2 * DAY else text.search_from,
        accepted_at=now,
        due_at=next_check(now, now, GatewayStatus.UNSENT, poll_seconds),
    )


def mark_not_found(text: OutgoingText, now: float, settle_seconds: float) -> OutgoingText:
    """RapidPro shows no broadcast of this text, whose outcome is unknown: look it up again, or send it again."""
    if text.lookups < REPEAT_LOOKUPS:
        wait = settle_seconds / 4 if text.lookups else settle_seconds
        return text._replace(lookups=text.lookups + 1, due_at=now + wait)
    wait = retry_delay(text.attempts, settle_seconds) if text.attempts > 1 else 0
    return text._replace(send_state=SendState.READY, due_at=now + wait)


# --- statuses


def next_check(now: float, accepted_at: float, status: str, poll_seconds: float) -> float | None:
    """When to check the status of a text again; None: never.

    The interval grows, to save the quota, and times are rounded up to a grid, so that many texts share a request.
    """
    age = now - accepted_at
    period = CHECK_PERIOD_FAILED if status == GatewayStatus.FAILED else CHECK_PERIOD
    if status == GatewayStatus.DELIVERED or age > period:
        return None
    grid = max(poll_seconds, 1.0)
    return math.ceil((now + min(max(age / 2, grid), max(MAX_CHECK_INTERVAL, grid))) / grid) * grid


class StatusQuery(NamedTuple):
    """A listing of messages that may show several texts: those of one broadcast, or those between two times."""

    texts: Sequence[OutgoingText]
    broadcast_id: str | None = None
    after: float | None = None
    before: float | None = None

    @property
    def max_pages(self) -> int:
        """Reading more pages than this would cost more than one query for each text."""
        return min(max(2, len(self.texts)), MAX_PAGES)


def status_queries(texts: Sequence[OutgoingText]) -> list[StatusQuery]:
    """The fewest queries that cover all texts."""
    groups: list[list[OutgoingText]] = []
    for text in sorted(texts, key=_created_on):
        if not groups or _created_on(text) - _created_on(groups[-1][-1]) > MAX_GAP:
            groups.append([])
        groups[-1].append(text)
    return [_query(group) for group in groups]


def _query(group: Sequence[OutgoingText]) -> StatusQuery:
    if len(group) == 1 and group[0].broadcast_id:
        return broadcast_query(group[0])
    all_found = all(text.message_created_on for text in group)
    return StatusQuery(group, after=_created_on(group[0]), before=_created_on(group[-1]) if all_found else None)


def broadcast_query(text: OutgoingText) -> StatusQuery:
    """A query for the broadcast of one text."""
    return StatusQuery([text], broadcast_id=text.broadcast_id)


def _created_on(text: OutgoingText) -> float:
    return text.message_created_on or text.search_from


def lacks_message(text: OutgoingText, now: float) -> bool:
    """Whether RapidPro should have made a message of it long ago."""
    return not text.message_ref and now - text.accepted_at >= NO_MESSAGE_PERIOD


def update_status(
    text: OutgoingText, message: Record | None, now: float, poll_seconds: float, *, alone: bool = False
) -> OutgoingText:
    """The text after a status check that found `message`, or None if it found none, although it asked for it `alone`.

    Some versions make no message for a blocked contact.
    """
    if message is not None:
        text = text._replace(
            message_ref=message.ref,
            message_created_on=message.created_on or text.message_created_on,
            broadcast_id=text.broadcast_id or message.broadcast_id,
        )
        reason = _failure_reason(text, message)
        status = GatewayStatus.FAILED if reason else GATEWAY_STATUSES.get(message.status)
        if status is not None and status.follows(text.status):
            text = text._replace(status=status, reason=reason)
    elif alone and lacks_message(text, now):
        text = text._replace(status=GatewayStatus.FAILED, reason=NO_MESSAGE)
    return text._replace(due_at=next_check(now, text.accepted_at, text.status, poll_seconds))


def _failure_reason(text: OutgoingText, message: Record) -> str | None:
    """Why this phone does not get the text. RapidPro shows only whether a channel could carry the message."""
    if message.urns and not same_phone(message.urns[0], text.phone):
        return "RapidPro sent the text to another phone number of the same contact."
    if GATEWAY_STATUSES.get(message.status) is not GatewayStatus.FAILED:
        return None
    if not message.has_channel:
        return "No channel or address in RapidPro reaches this phone."
    return "The text could not be delivered to the phone."
