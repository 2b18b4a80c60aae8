"""Duplicate incoming texts: courier answers them and stores nothing.

Source: courier core/models/msg.go (checkMsgAlreadyReceived, clearMsgSeen; up to v9.3 backends/rapidpro/msg.go).
"""

from __future__ import annotations

from fakes.rapidpro.courier.aggregators import HOUR

SAME_ID_WITHIN = 24 * HOUR
SAME_TEXT_WITHIN = 3.0


class RecentTexts:
    """Recent texts by phone number. `by_id`: duplicates are found by external id, if there is one, and not by text."""

    def __init__(self, *, by_id: bool) -> None:
        self._by_external_id = by_id
        self._by_id: dict[tuple[str, str], tuple[float, int]] = {}
        self._last_text: dict[str, tuple[str, float, int]] = {}

    def original(self, number: str, text: str, external_id: str | None, now: float) -> int | None:
        """The id of the message that a text duplicates at `now` (seconds since 1970); None if it is new."""
        if external_id and self._by_external_id:
            known = self._by_id.get((number, external_id))
            return known[1] if known is not None and now - known[0] < SAME_ID_WITHIN else None
        last = self._last_text.get(number)
        return last[2] if last is not None and last[0] == text and now - last[1] < SAME_TEXT_WITHIN else None

    def remember(self, number: str, text: str, external_id: str | None, now: float, message_id: int) -> None:
        """A text was stored."""
        if external_id and self._by_external_id:
            self._by_id[number, external_id] = now, message_id
        else:
            self._last_text[number] = text, now, message_id

    def reply_sent(self, number: str) -> None:
        """Something was sent to the number: the next text from it is no duplicate, even if it is the same."""
        self._last_text.pop(number, None)
