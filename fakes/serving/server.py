"""A WSGI app on a listening socket, with a thread for each connection.

Most faults concern the connection itself: it is reset, closed or left open, or its reply comes byte by byte. So the
fakes hold their connections themselves, and leave only the parsing to a library. An HTTP server keeps connections to
itself: with granian 2.8 a reset needed a search through the sockets of the process and a slow reply a proxy in front.
A thread for each connection also takes less time than granian, and as much as one thread that waits for all of them.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from queue import SimpleQueue
from time import monotonic

from fakes.clock import Clock, SystemClock
from fakes.serving.connection import (
    DRIP_KEY,
    ENDING_KEY,
    STREAM_KEY,
    STREAMS_KEY,
    WAIT_KEY,
    ConnectionEnding,
    Drip,
    Stream,
)
from fakes.serving.reply_bytes import slowly, written
from fakes.serving.request_reader import RefusedRequest, Request, RequestReader
from fakes.serving.wsgi import NO_REPLY_KEY, STATUS_LINES, Environ, Reply, WSGIApp, replies_of

BACKLOG = 1024
CHUNK_SIZE = 64 * 1024
IDLE_CONNECTION_SECONDS = 75
"""An idle connection is closed after this, the default of nginx; clients that poll every minute keep theirs."""
RETRY_SECONDS = 0.05
"""Seconds until the next connection is accepted if that was impossible, as with too many open files."""
LAST_WORDS_SECONDS = 1.0
"""Seconds in which a caller that is still sending can read why its request is refused."""
SLOW_CALLER_SECONDS = 5.0
"""Seconds in which the caller of a stream must take a part of it; then it is dropped."""
WITH_RESET = struct.pack("ii", 1, 0)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
Replies = Callable[[Environ], Reply]
INTERNAL_ERROR = Reply.of(500, "text/plain", b"internal error of the fake: see its output")


class WSGIServer:
    """Serves `app` on `listener` until `stop`, with up to `threads` requests at a time; further ones wait."""

    def __init__(self, app: WSGIApp, listener: socket.socket, *, threads: int) -> None:
        self._replies = replies_of(app)
        self._listener = listener
        self._base = _base_environ(listener)
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(threads):
            self._places.put(None)
        self._open: set[socket.socket] = set()
        self._stopped = False
        self._clock = SystemClock()  # real time: these are sockets

    def start(self) -> None:
        """Start serving; returns at once."""
        self._listener.setblocking(True)
        threading.Thread(target=self._accept, name="accept", daemon=True).start()

    def stop(self) -> None:
        """Accept no more connections, and end those that are open."""
        self._stopped = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._stopped:
            try:
                connection, address = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection, address[0]), daemon=True).start()
            except (OSError, RuntimeError):  # stopped, or there are too many files or threads
                _wait(RETRY_SECONDS)

    def _serve(self, connection: socket.socket, address: str) -> None:
        self._open.add(connection)
        with connection, contextlib.suppress(OSError):  # the caller is gone, or was idle for too long
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", IDLE_CONNECTION_SECONDS, 0))
            base = self._base | {"REMOTE_ADDR": address}
            _Connection(connection, self._replies, base, self._places, self._clock).serve()
        self._open.discard(connection)


class _Connection:
    """One connection: reads requests, asks the app, and sends its replies or ends the connection."""

    def __init__(
        self, connection: socket.socket, replies: Replies, base: Environ, places: SimpleQueue[None], clock: Clock
    ) -> None:
        self._connection = connection
        self._replies = replies
        self._places = places
        self._clock = clock
        self._reader = RequestReader(base, lambda: connection.sendall(CONTINUE))

    def serve(self) -> None:
        """Answer requests until one side ends the connection. Raises OSError if the caller does."""
        while data := self._connection.recv(CHUNK_SIZE):
            try:
                requests = self._reader.feed(data)
            except RefusedRequest as refused:
                self._refuse(refused.status)
                return
            for request in requests:
                if not self._answer(request):
                    return

    def _answer(self, request: Request) -> bool:
        """Answer one request. Returns whether the connection stays open."""
        environ = request.environ
        self._places.get()
        try:
            reply = self._ask(environ)
        finally:
            self._places.put(None)
        if NO_REPLY_KEY in environ:
            self._end(environ, reply)
            return False
        drip: Drip | None = environ.get(DRIP_KEY)
        if drip is not None:
            head, body = self._written(reply, environ, keep_alive=False)
            for part, pause in slowly(drip.part, drip.seconds, head, body):
                self._connection.sendall(part)
                _wait(pause)
            return False
        head, body = self._written(reply, environ, keep_alive=request.keep_alive)
        self._connection.sendall(head + body)
        return request.keep_alive

    def _written(self, reply: Reply, environ: Environ, *, keep_alive: bool) -> tuple[bytes, bytes]:
        return written(reply, environ, self._clock.timestamp(), keep_alive=keep_alive)

    def _ask(self, environ: Environ) -> Reply:
        try:
            return self._replies(environ)
        except Exception:  # a bug in a fake must neither keep its caller waiting nor end other requests
            traceback.print_exc()
            return INTERNAL_ERROR

    def _end(self, environ: Environ, reply: Reply) -> None:
        """What happens before the connection is closed without a whole reply."""
        if STREAM_KEY in environ:
            self._stream(environ, reply)
            return
        ending: ConnectionEnding | None = environ.get(ENDING_KEY)
        if ending is None:  # a reply that is shorter than its Content-Length
            self._connection.sendall(b"".join(self._written(reply, environ, keep_alive=True)))
        elif ending.kind == "reset":
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, WITH_RESET)
        elif ending.kind == "hang":
            self._listen_in_silence(ending.seconds)

    def _stream(self, environ: Environ, reply: Reply) -> None:
        """Send the parts of a reply without end until the caller is gone. The place for a request is free meanwhile."""
        stream: Stream = environ[STREAM_KEY]
        self._connection.settimeout(SLOW_CALLER_SECONDS)
        with contextlib.closing(stream):
            self._connection.sendall(self._written(reply, environ, keep_alive=False)[0])
            for part in stream:
                if self._caller_is_gone():
                    return
                self._connection.sendall(part)

    def _caller_is_gone(self) -> bool:
        self._connection.settimeout(0)
        try:
            return not self._connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        finally:
            self._connection.settimeout(SLOW_CALLER_SECONDS)

    def _refuse(self, status: int) -> None:
        reply = Reply.of(status, "text/plain", STATUS_LINES[status].encode())
        self._connection.sendall(b"".join(self._written(reply, {"REQUEST_METHOD": ""}, keep_alive=False)))
        self._connection.shutdown(socket.SHUT_WR)
        self._listen_in_silence(LAST_WORDS_SECONDS)

    def _listen_in_silence(self, seconds: float) -> None:
        """Let real time pass, at most until the caller gives up."""
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            self._connection.settimeout(left)
            with contextlib.suppress(TimeoutError):
                if not self._connection.recv(CHUNK_SIZE):
                    return


def _base_environ(listener: socket.socket) -> Environ:
    host, port = listener.getsockname()[:2]
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multiprocess": False,
        "wsgi.multithread": True,
        "wsgi.run_once": False,
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        STREAMS_KEY: True,
        WAIT_KEY: _wait,
    }


def _wait(seconds: float) -> bool:
    threading.Event().wait(seconds)  # real time, in the thread of this request
    return True
