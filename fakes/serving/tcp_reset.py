"""A true TCP reset of the one connection whose request is being answered.

The server tells an app nothing about the socket beneath a request, and without privileges nothing tells which of its
file descriptors that is. So an answer of a known length is sent while all connections of the port are corked (Linux
holds back an unfinished segment): the one connection in whose send queue exactly that length lies unsent is the one.
Dissolving it (`connect` to AF_UNSPEC) throws the queue away and sends the RST. Nothing of the answer ever leaves; the
other connections are held up for the milliseconds that this takes. Ordinary requests pay nothing.

Linux only: elsewhere, and if the connection is not found, the connection is closed in mid-answer instead.
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

QUICK = 0.15
"""Seconds to look for the connection: the kernel sends a corked segment after 0.2 s."""
SIOCOUTQNSD = 0x894B  # linux/sockios.h: bytes in the send queue that were not yet sent
AF_UNSPEC_ADDRESS = bytes(16)
PROMISED = 1_000_000
ALWAYS = len(
    f"HTTP/1.1 200 OK\r\ncontent-length: {PROMISED}\r\nx: \r\nserver: granian\r\n"
    "date: Mon, 01 Jan 2024 00:00:00 GMT\r\n\r\n"
)
SOMETIMES = (0, len("connection: close\r\n"), len("connection: keep-alive\r\n"))
"""What the server adds to the head when the caller asked for it."""


class Resetter:
    """Resets connections that were accepted on one port, one at a time."""

    def __init__(self, port: int, rng: random.Random) -> None:
        self.port = port
        self.missed = 0
        """How many connections could only be closed."""
        self._rng = rng
        self._lock = threading.Lock()

    def reset(self, proto: Any) -> None:
        """End the connection of the request that `proto` (granian's) answers. Blocks for some milliseconds."""
        if not sys.platform.startswith("linux"):
            proto.response_iter(200, [("content-length", str(PROMISED))], iter(()))
            return
        with self._lock, contextlib.ExitStack() as held:
            sockets = [held.enter_context(found) for found in accepted_on(self.port)]
            for found in sockets:
                held.callback(_cork, found, on=False)
                _cork(found, on=True)
            self._answer_and_dissolve(proto, sockets)

    def _answer_and_dissolve(self, proto: Any, sockets: list[socket.socket]) -> None:
        padding = self._rng.randrange(300, 700)
        head = [("content-length", str(PROMISED)), ("x", "x" * padding)]
        expected = {found: _unsent(found) + ALWAYS + padding for found in sockets}
        proto.response_iter(200, head, self._steps(expected))

    def _steps(self, expected: dict[socket.socket, int]) -> Iterator[bytes]:
        """The body: called by granian once the head is on its way. Sends more as long as several sockets would fit."""
        likely = _wait_for(expected, SOMETIMES)
        while len(likely) > 1:
            more = self._rng.randrange(1, 200)
            expected = {found: _unsent(found) + more for found in likely}
            yield bytes(more)
            likely = _wait_for(expected, (0,))
        if not likely or not dissolve(likely[0]):
            self.missed += 1
            print("fakes: a connection to be reset was not found in time; it was closed instead", file=sys.stderr)


def accepted_on(port: int) -> list[socket.socket]:
    """A second handle on each connected TCP socket of this process whose own port is `port`; to be closed."""
    found: dict[str, socket.socket] = {}  # by inode: a number in the list may be reused by one of these handles
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # closed meanwhile, or no socket
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
    except OSError:  # a listener, or gone
        return False


def dissolve(handle: socket.socket) -> bool:
    """Tear the connection down at once with a RST; whether that worked."""
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.connect(handle.fileno(), AF_UNSPEC_ADDRESS, len(AF_UNSPEC_ADDRESS)) == 0)


def _wait_for(expected: dict[socket.socket, int], extra: tuple[int, ...]) -> list[socket.socket]:
    """The sockets that hold what was expected; looks until there is one, or it takes too long."""
    patience = perf_counter() + QUICK
    while perf_counter() < patience:
        fitting = [found for found, length in expected.items() if _unsent(found) - length in extra]
        if fitting:
            return fitting
    return []


def _cork(handle: socket.socket, *, on: bool) -> None:
    with contextlib.suppress(OSError):  # gone meanwhile
        handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, int(on))


def _unsent(handle: socket.socket) -> int:
    import fcntl  # not on every platform

    length = array.array("i", [0])
    try:
        fcntl.ioctl(handle, SIOCOUTQNSD, length)
    except OSError:
        return -1
    return length[0]
