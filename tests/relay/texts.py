"""Outgoing texts as the store returns them, for tests of pure functions."""

from __future__ import annotations

from typing import Any

from relay.models import OutgoingText, SendState

PHONE = "+250788123001"
START = 1_772_600_000.0


def text(seq: int = 1, **changes: Any) -> OutgoingText:
    """A text that is being sent."""
    default = OutgoingText(
        seq, f"id-{seq}", PHONE, "Visit due", SendState.SENDING, attempts=1, due_at=START, search_from=START
    )
    return default._replace(**changes)
