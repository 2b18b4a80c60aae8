"""Texts of the relay's, as its store holds them, for tests of its pure parts."""

from __future__ import annotations

from typing import Any

from relay.messages import Stage
from relay.policy import Outgoing

PHONE = "+250788123001"
SINCE = 1_772_600_000.0


def text(seq: int = 1, **changes: Any) -> Outgoing:
    """A text that is being sent."""
    given = Outgoing(seq, f"id-{seq}", PHONE, "Visit due", Stage.SENDING, attempts=1, next_at=SINCE, since=SINCE)
    return given._replace(**changes)
