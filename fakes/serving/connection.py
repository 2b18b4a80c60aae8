"""What a layer may do to the connection beneath a request: end it without an answer, or let time pass.

A layer only asks; whoever holds the connection acts. That is the server on a real socket and the transport adapter in
process, and both give the caller the same outcome. The request's environ carries the talk between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fakes.serving.wsgi import NO_REPLY, Environ, Reply

How = Literal["close", "reset", "hang"]
HOWS: tuple[How, ...] = ("close", "reset", "hang")

ENDING = "harness.ending"
"""Set in the environ by `end`, read by whoever holds the connection."""
WAIT = "harness.wait"
"""Put into the environ by whoever holds the connection: `Wait`."""

Wait = Callable[[float], bool]
"""Lets so many seconds pass. False if the caller has given up meanwhile (known in process only)."""

NOTHING = Reply(500, (("Content-Length", "0"),))
"""Stands where an answer would be; nobody ever sees it."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a connection ends: closed in order, reset (TCP RST), or left open in silence for `seconds`, then closed."""

    how: How
    seconds: float = 0.0


def end(environ: Environ, how: How, seconds: float = 0.0) -> Reply:
    """Ask for the connection to end without an answer; what is returned only keeps the layers above going."""
    environ[ENDING] = Ending(how, seconds)
    environ[NO_REPLY] = True
    return NOTHING


def wait(environ: Environ, seconds: float) -> bool:
    """Let `seconds` pass if the one who holds the connection can; False if the caller gave up meanwhile."""
    passing: Wait | None = environ.get(WAIT)
    waited = True if passing is None else passing(seconds)
    if not waited:
        environ[NO_REPLY] = True
    return waited
