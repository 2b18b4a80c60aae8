"""Texts of the relay's, as its store holds them, for tests of its pure parts."""

from __future__ import annotations

from typing import Any

from relay.messages import Stage, Status
from relay.policy import Outgoing

PHONE = "+250788123001"
SINCE = 1_772_600_000.0


def text(seq: int = 1, **changes: Any) -> Outgoing:
    """A text that is being sent."""
    given = Outgoing(
        seq=seq,
        id=f"id-{seq}",
        phone=PHONE,
        text="Visit due",
        stage=Stage.SENDING,
        attempts=1,
        looks=0,
        next_at=SINCE,
        since=SINCE,
        accepted_at=None,
        broadcast_id=None,
        broadcast_uuid=None,
        message_ref=None,
        message_at=None,
        status=Status.UNSENT,
    )
    return given._replace(**changes)
