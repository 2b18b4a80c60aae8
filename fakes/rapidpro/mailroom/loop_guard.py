"""The guard against loops: too many equal texts to one contact within five minutes.

Source: mailroom core/models/msg.go (GetMsgRepetitions).
"""

from __future__ import annotations

SLOT = 300
COMPARED = 128
"""Bytes of the text that are compared; the case of ASCII letters is ignored."""


class LoopGuard:
    """Counts texts per contact in the current five-minute slot: around 10:00, 10:05 and so on."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._slot = -1
        self._counts: dict[tuple[int, bytes], int] = {}

    def is_loop(self, contact_id: int, text: str, timestamp: float) -> bool:
        """Count the text, and return whether it is one too many. `timestamp`: seconds since 1970."""
        if self.limit is None:
            return False
        slot = int(timestamp + SLOT / 2) // SLOT
        if slot != self._slot:
            self._slot = slot
            self._counts.clear()
        key = contact_id, text.encode("utf-8", "replace")[:COMPARED].lower()
        count = self._counts.get(key, 0) + 1
        self._counts[key] = count
        return count >= self.limit
