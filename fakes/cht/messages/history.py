"""The recent outgoing texts by number: from the sixth equal text on they are duplicates.

Kept in the memory of one process, so that a restart clears it (cht-core `shared-libs/transitions/src/lib/history.js`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.cht.javascript import js

FORGET_MS = 30 * 60 * 1000
SWEEP_AT = 1000
DEFAULT_LIMIT = 5
LARGEST_LIMIT = 20


class History:
    """Counts equal texts to one number; half an hour after the last one the count starts over."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}  # last time in ms, count

    def clear(self) -> None:
        """Remove all counts, as a restart does."""
        self._counts.clear()

    def is_duplicate(self, to: Any, text: Any, settings: Mapping[str, Any], now_ms: int) -> bool:
        """Count a text to a number. Returns whether it exceeds the limit."""
        if len(self._counts) >= SWEEP_AT:
            self._counts = {key: entry for key, entry in self._counts.items() if now_ms - entry[0] < FORGET_MS}
        key = (js.string(to), js.string(text))
        last, count = self._counts.get(key, (now_ms, 0))
        if now_ms - last >= FORGET_MS:
            count = 0
        self._counts[key] = (now_ms, count + 1)
        return count + 1 > limit_of(settings)


def limit_of(settings: Mapping[str, Any]) -> int:
    """The setting `sms.duplicate_limit`: 5 if it is invalid, 20 at most."""
    sms = settings.get("sms")
    value = sms.get("duplicate_limit") if isinstance(sms, Mapping) else None
    try:
        number = float(value) if not isinstance(value, bool) else float(bool(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return DEFAULT_LIMIT
    return min(int(number), LARGEST_LIMIT) if number > 0 else DEFAULT_LIMIT
