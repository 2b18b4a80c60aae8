"""A true TCP reset of the one connection whose request is being answered.

The server does not tell an app which socket a request came from, and an unprivileged process cannot find out directly.
So an answer of a known length is sent while all connections of the port are corked (Linux holds back an unfinished
segment): the connection whose send queue holds exactly that many unsent bytes is the right one. Disconnecting it
(`connect` to AF_UNSPEC) discards the queue and sends the RST. Nothing of the answer is ever sent; the other connections
are delayed for the milliseconds that this takes. Ordinary requests are not slowed down.

If the connection is not found, it is closed in the middle of the answer instead. All this needs Linux; elsewhere every
connection passes through a proxy (`byte_proxy`), which resets it with SO_LINGER.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import os
import random
import socket
import sys
import threading
from collections.abc import Iterator
from time import perf_counter
from typing import Any

from fakes.serving.byte_proxy import MARKED_STATUS, RESET_MARK

SEARCH_SECONDS = 0.15
"""Seconds to look for the connection: the kernel sends a corked segment after 0.2 s."""
SIOCOUTQNSD = 0x894B  # linux/sockios.h: bytes in the send queue that were not yet sent
AF_UNSPEC_ADDRESS = bytes(16)
DECLARED_LENGTH = 1_000_000
HEAD_LENGTH = len(
    f"HTTP/1.1 200 OK\r\ncontent-length: {DECLARED_LENGTH}\r\nx: \r\nserver: granian\r\n"
    "date: Mon, 01 Jan 2024 00:00:00 GMT\r\n\r\n"
)
OPTIONAL_LENGTHS = (0, len("connection: close\r\n"), len("connection: keep-alive\r\n"))
"""Lengths that the server may add to the head, depending on the request."""


class ConnectionResetter:
    """Resets connections that were accepted on one port, one at a time."""

    def __init__(self, port: int, rng: random.Random) -> None:
        self.port = port
        self.missed = 0
        """How many connections were closed because they could not be reset."""
        self._rng = rng
        self._lock = threading.Lock()

    def reset(self, proto: Any) -> None:
        """Reset the connection of the request that granian's `proto` answers. Blocks for some milliseconds."""
        if not finds_sockets():
            proto.response_bytes(MARKED_STATUS, list(RESET_MARK), b"")
            return
        with self._lock, contextlib.ExitStack() as held:
            sockets = [held.enter_context(found) for found in sockets_accepted_on(self.port)]
            for found in sockets:
                held.callback(_cork, found, on=False)
                _cork(found, on=True)
            self._answer_and_disconnect(proto, sockets)

    def _answer_and_disconnect(self, proto: Any, sockets: list[socket.socket]) -> None:
        padding = self._rng.randrange(300, 700)
        head = [("content-length", str(DECLARED_LENGTH)), ("x", "x" * padding)]
        expected = {found: _unsent(found) + HEAD_LENGTH + padding for found in sockets}
        proto.response_iter(200, head, self._body(expected))

    def _body(self, expected: dict[socket.socket, int]) -> Iterator[bytes]:
        """The body, read by granian once it has sent the head. Sends more as long as several sockets match."""
        matching = _wait_for(expected, OPTIONAL_LENGTHS)
        while len(matching) > 1:
            more = self._rng.randrange(1, 200)
            expected = {found: _unsent(found) + more for found in matching}
            yield bytes(more)
            matching = _wait_for(expected, (0,))
        if not matching or not disconnect(matching[0]):
            self.missed += 1
            print("fakes: the connection to reset was not found in time; it was closed instead", file=sys.stderr)


def finds_sockets() -> bool:
    """Whether this process can find its own connections again, and take a listener from the server: on Linux."""
    return sys.platform.startswith("linux")


def sockets_accepted_on(port: int) -> list[socket.socket]:
    """A second handle on each connected TCP socket of this process with local port `port`. The caller closes them."""
    found: dict[str, socket.socket] = {}  # by inode: one of these handles may reuse a number in the list
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # closed meanwhile, or not a socket
            inode = os.readlink(f"/proc/self/fd/{name}")
            if not inode.startswith("socket:") or inode in found:
                continue
            handle = socket.socket(fileno=os.dup(int(name)))
            if _is_accepted_on(handle, port):
                found[inode] = handle
            else:
                handle.close()
    return list(found.values())


def _is_accepted_on(handle: socket.socket, port: int) -> bool:
    if handle.family not in (socket.AF_INET, socket.AF_INET6) or handle.type != socket.SOCK_STREAM:
        return False
    try:
        handle.getpeername()
        return bool(handle.getsockname()[1] == port)
    except OSError:  # a listener, or closed meanwhile
        return False


def disconnect(handle: socket.socket) -> bool:
    """End the connection at once with a RST. Returns whether that worked."""
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.connect(handle.fileno(), AF_UNSPEC_ADDRESS, len(AF_UNSPEC_ADDRESS)) == 0)


def _wait_for(expected: dict[socket.socket, int], extra: tuple[int, ...]) -> list[socket.socket]:
    """The sockets with the expected number of unsent bytes; waits for at least one, up to SEARCH_SECONDS."""
    deadline = perf_counter() + SEARCH_SECONDS
    while perf_counter() < deadline:
        matching = [found for found, length in expected.items() if _unsent(found) - length in extra]
        if matching:
            return matching
    return []


def _cork(handle: socket.socket, *, on: bool) -> None:
    with contextlib.suppress(OSError):  # closed meanwhile
        handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, int(on))


def _unsent(handle: socket.socket) -> int:
    import fcntl  # not available on every platform

    length = array.array("i", [0])
    try:
        fcntl.ioctl(handle, SIOCOUTQNSD, length)
    except OSError:
        return -1
    return length[0]
