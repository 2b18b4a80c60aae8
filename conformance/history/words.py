"""Numbers in sentences."""

from __future__ import annotations

WORDS = ("never", "once", "twice")


def often(count: int) -> str:
    """How many times, in words: `never`, `once`, `twice`, `3 times`."""
    return WORDS[count] if count < len(WORDS) else f"{count} times"
