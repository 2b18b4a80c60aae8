"""A WSGI app on a socket, and exchanges of bytes with it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from fakes.serving.server import WSGIServer
from fakes.serving.wsgi import WSGIApp
from fakes.standalone import listen

Address = tuple[str, int]


@contextlib.contextmanager
def served(app: WSGIApp, threads: int = 4) -> Iterator[Address]:
    """Serve `app` on a free port."""
    listener = listen("127.0.0.1", 0)
    server = WSGIServer(app, listener, threads=threads)
    address: Address = listener.getsockname()
    server.start()
    try:
        yield address
    finally:
        server.stop()


def exchange(address: Address, *parts: bytes) -> bytes:
    """What a connection answers to these bytes until it closes."""
    with socket.create_connection(address, timeout=10) as caller:
        for part in parts:
            caller.sendall(part)
        return b"".join(iter(lambda: caller.recv(65536), b""))
