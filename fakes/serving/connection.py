"""What a layer may do to the connection of a request: end it without a reply, or let time pass.

A layer only asks for it; the holder of the connection does it: the server on a real socket, the transport adapter in
process. Both give the caller the same outcome. They communicate through the environ of the request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from fakes.serving.wsgi import NO_REPLY_KEY, Environ, Reply

EndingKind = Literal["close", "reset", "hang"]
ENDING_KINDS: tuple[EndingKind, ...] = ("close", "reset", "hang")

ENDING_KEY = "harness.ending"
"""Key in the environ: how the connection is to end. Set by `end_connection`, read by the holder of the connection."""
WAIT_KEY = "harness.wait"
"""Key in the environ: the `WaitFunction` of the holder of the connection."""

DRIP_KEY = "harness.drip"
"""Key in the environ: the `Drip` of a reply. Set by `drip_reply`, read by the holder of the connection."""
DripPart = Literal["body", "headers", "interim"]
DRIP_PARTS: tuple[DripPart, ...] = ("body", "headers", "interim")

STREAM_KEY = "harness.stream"
"""Key in the environ: the `Stream` that is sent after the head of the reply. Set by `stream_reply`."""
STREAMS_KEY = "harness.streams"
"""Key in the environ: set by a holder of the connection that can send a `Stream`."""

WaitFunction = Callable[[float], bool]
"""Lets this many seconds pass. False if the caller gave up meanwhile (known in process only)."""

PLACEHOLDER = Reply(500, (("Content-Length", "0"),))
"""Returned in place of a reply; no caller ever gets it."""


class Stream(Iterator[bytes], Protocol):
    """Parts of a reply that has no end: each is sent at once. An empty one asks whether the caller is still there."""

    def close(self) -> None:
        """The caller is gone, or too slow."""
        ...


@dataclass(frozen=True, slots=True)
class ConnectionEnding:
    """How a connection ends: closed normally, reset (TCP RST), or left open in silence for `seconds`, then closed."""

    kind: EndingKind
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Drip:
    """How slowly a reply arrives: `part` of it, or interim responses before it, take `seconds`."""

    part: DripPart
    seconds: float


def drip_reply(environ: Environ, reply: Reply, part: DripPart, seconds: float) -> Reply:
    """Ask for the reply to arrive slowly."""
    environ[DRIP_KEY] = Drip(part, seconds)
    return reply


def stream_reply(environ: Environ, stream: Stream) -> None:
    """Ask for `stream` to be sent after the head of the reply, until one side ends the connection."""
    environ[STREAM_KEY] = stream
    environ[NO_REPLY_KEY] = True


def end_connection(environ: Environ, kind: EndingKind, seconds: float = 0.0) -> Reply:
    """Ask for the connection to end without a reply. Returns a placeholder for the layers above."""
    environ[ENDING_KEY] = ConnectionEnding(kind, seconds)
    environ[NO_REPLY_KEY] = True
    return PLACEHOLDER


def wait(environ: Environ, seconds: float) -> bool:
    """Let `seconds` pass if the holder of the connection can. False if the caller gave up meanwhile."""
    let_pass: WaitFunction | None = environ.get(WAIT_KEY)
    waited = True if let_pass is None else let_pass(seconds)
    if not waited:
        environ[NO_REPLY_KEY] = True
    return waited
