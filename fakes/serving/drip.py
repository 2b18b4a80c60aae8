"""How the bytes of a reply are divided when it arrives slowly."""

from __future__ import annotations

from collections.abc import Iterator

from fakes.serving.connection import DripPart

SHORTEST_PAUSE = 0.01
"""Seconds between two sends: a quick drip sends several bytes at a time."""
INTERIM = b"HTTP/1.1 102 Processing\r\n\r\n"
"""RFC 2518 section 10.1. A client must skip any number of interim responses (RFC 9110 section 15.2)."""
INTERIM_PAUSE = 0.5


def slowly(part: DripPart, seconds: float, head: bytes, body: bytes) -> Iterator[tuple[bytes, float]]:
    """What to send, each with the seconds to wait after it."""
    if part == "interim":
        pause = min(INTERIM_PAUSE, seconds / 10)
        yield from ((INTERIM, pause) for _ in range(round(seconds / pause) if pause else 1))
        yield head + body, 0.0
        return
    first, slow, rest = (head, body, b"") if part == "body" else (b"", head, body)
    yield first, 0.0
    count = max(1, len(slow))
    size = max(1, round(SHORTEST_PAUSE * count / seconds)) if seconds else count
    for start in range(0, len(slow), size):
        yield slow[start : start + size], seconds * size / count
    yield rest, 0.0
