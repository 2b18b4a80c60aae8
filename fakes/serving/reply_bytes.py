"""The bytes of a reply, and how they are divided when it arrives slowly."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import formatdate
from functools import lru_cache

from fakes.serving.connection import STREAM_KEY, DripPart
from fakes.serving.wsgi import STATUS_LINES, Environ, Reply

SHORTEST_PAUSE = 0.01
"""Seconds between two sends: a quick drip sends several bytes at a time."""
INTERIM = b"HTTP/1.1 102 Processing\r\n\r\n"
"""RFC 2518 section 10.1. A client must skip any number of interim responses (RFC 9110 section 15.2)."""
INTERIM_PAUSE = 0.5


def written(reply: Reply, environ: Environ, now: float, *, keep_alive: bool) -> tuple[bytes, bytes]:
    """Head and body of a reply as bytes, with the headers that servers add."""
    lines, names = _lines(reply.status, reply.headers)
    empty = reply.status in (204, 304)
    if "content-length" not in names and not empty and STREAM_KEY not in environ:
        lines += f"Content-Length: {len(reply.body)}\r\n"
    if "date" not in names:
        lines += _date(int(now))
    if not keep_alive:
        lines += "Connection: close\r\n"
    elif environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        lines += "Connection: keep-alive\r\n"
    head = (lines + "\r\n").encode("latin-1", "replace")
    return head, b"" if empty or environ["REQUEST_METHOD"] == "HEAD" else reply.body


@lru_cache(maxsize=128)  # services send the same few headers
def _lines(status: int, headers: tuple[tuple[str, str], ...]) -> tuple[str, frozenset[str]]:
    """The status line and a reply's own headers as lines; and the names of these headers in lower case."""
    lines = [f"HTTP/1.1 {STATUS_LINES.get(status) or f'{status} Unknown'}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, ""]), frozenset(name.lower() for name, _ in headers)


@lru_cache(maxsize=4)  # many replies in one second
def _date(seconds: int) -> str:
    return f"Date: {formatdate(seconds, usegmt=True)}\r\n"


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
