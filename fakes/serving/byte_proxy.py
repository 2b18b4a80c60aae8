"""A proxy in front of the server that sends single replies byte by byte, or after interim responses without end.

The HTTP library of the server writes a reply as a whole. So once such a fault is planned, new connections are accepted
here and passed on to the server unchanged; only a reply that the server marks is sent slowly. Until then nothing stands
between callers and server, so that ordinary traffic is as quick as ever. Elsewhere than on Linux, a listener cannot be
taken from a server: the proxy is there from the start, and resets connections, too.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus

from fakes.serving.connection import Drip
from fakes.serving.wsgi import Reply

MARKED_STATUS = 299
"""Status by which the server marks a reply for this proxy. No service answers with it."""
MARK = f"HTTP/1.1 {MARKED_STATUS} ".encode()
CHUNK_SIZE = 64 * 1024
SHORTEST_PAUSE = 0.01
"""Seconds between two sends: a quick drip sends several bytes at a time."""
INTERIM = b"HTTP/1.1 102 Processing\r\n\r\n"
"""RFC 2518 section 10.1. A client must skip any number of interim responses (RFC 9110 section 15.2)."""
INTERIM_PAUSE = 0.5
END_WITH_RESET = struct.pack("ii", 1, 0)
RESET_MARK = (("content-length", "0"), ("x-part", "reset"))
"""Headers by which the server asks for a reset in place of a reply."""


class ByteProxy:
    """Accepts on `listener` and passes bytes on to `server_address`, in two threads for each connection."""

    def __init__(self, listener: socket.socket, server_address: tuple[str, int]) -> None:
        self._listener = listener
        self._server_address = server_address

    def start(self) -> None:
        """Begin to accept; returns at once. Ends when the listener is closed."""
        self._listener.setblocking(True)
        _in_background(self._accept)

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:  # closed
                return
            try:
                server = socket.create_connection(self._server_address)
            except OSError:  # the server has stopped
                caller.close()
                continue
            _in_background(_pass_requests, caller, server)
            _in_background(_pass_replies, server, caller)


def marked(reply: Reply, drip: Drip) -> tuple[list[tuple[str, str]], bytes]:
    """Headers and body with which the server tells this proxy how to send a reply."""
    lines = [f"HTTP/1.1 {reply.status} {_phrase(reply.status)}"]
    lines += [
        f"{name}: {value}" for name, value in reply.headers if name.lower() not in ("connection", "content-length")
    ]
    lines += [f"Content-Length: {len(reply.body)}", "Connection: close", "", ""]
    head = "\r\n".join(lines).encode("latin-1")
    headers = [
        ("content-length", str(len(head) + len(reply.body))),
        ("x-head-length", str(len(head))),
        ("x-part", drip.part),
        ("x-seconds", str(drip.seconds)),
    ]
    return headers, head + reply.body


def slowly(part: str, seconds: float, head: bytes, body: bytes) -> Iterator[tuple[bytes, float]]:
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


def _pass_requests(caller: socket.socket, server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := caller.recv(CHUNK_SIZE):
            server.sendall(data)
    with contextlib.suppress(OSError):
        server.shutdown(socket.SHUT_WR)


def _pass_replies(server: socket.socket, caller: socket.socket) -> None:
    with caller, server:
        try:
            while data := server.recv(CHUNK_SIZE):
                if data.startswith(MARK):
                    _send_slowly(caller, data, server)
                    break
                caller.sendall(data)
        except ConnectionResetError:
            _reset_when_closed(caller)
        except OSError:  # the caller is gone
            return
        with contextlib.suppress(OSError):
            caller.shutdown(socket.SHUT_RD)  # ends the other thread


def _send_slowly(caller: socket.socket, data: bytes, server: socket.socket) -> None:
    while b"\r\n\r\n" not in data:
        data += server.recv(CHUNK_SIZE)
    mark, _, message = data.partition(b"\r\n\r\n")
    values = dict(line.split(": ", 1) for line in mark.decode("latin-1").split("\r\n")[1:])
    if values["x-part"] == "reset":
        _reset_when_closed(caller)
        return
    while len(message) < int(values["content-length"]):
        message += server.recv(CHUNK_SIZE)
    length = int(values["x-head-length"])
    caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for part, pause in slowly(values["x-part"], float(values["x-seconds"]), message[:length], message[length:]):
        caller.sendall(part)
        threading.Event().wait(pause)  # real time, in the thread of this connection


def _reset_when_closed(caller: socket.socket) -> None:
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, END_WITH_RESET)


def stop_accepting(listener: socket.socket) -> None:
    """Let nobody but this handle accept connections: all other handles in this process come to hold an idle socket.

    The server keeps the connections that it has. Linux only: elsewhere OSError.
    """
    wanted = os.readlink(f"/proc/self/fd/{listener.fileno()}")
    with socket.socket(socket.AF_UNIX) as idle:
        idle.setblocking(False)
        idle.bind("")  # an abstract address that nobody knows
        idle.listen(1)
        for name in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):  # closed meanwhile
                if os.readlink(f"/proc/self/fd/{name}") == wanted and int(name) != listener.fileno():
                    os.dup2(idle.fileno(), int(name))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _in_background(work: Callable[..., None], *arguments: socket.socket) -> None:
    threading.Thread(target=work, args=arguments, daemon=True).start()
