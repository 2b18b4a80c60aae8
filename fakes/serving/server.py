"""A WSGI app on a listening socket, served by granian's WSGI worker in threads of this process.

granian's own `Server` starts a process for each app. The fakes share one ledger, one plan and one clock, so one process
serves all ports: one worker for each socket.

One limit: granian passes a header value with any byte beyond visible ASCII on as an empty text, so over sockets a token
with such bytes is answered as a missing one, not as an invalid one (403 both times). In process the bytes arrive.
Its RSGI worker does the same; only its ASGI worker has the bytes (granian 2.8, `src/wsgi/callbacks.rs`,
`src/rsgi/types.rs`, `src/asgi/utils.rs`), which is another interface for every request.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
import sys
import threading
import traceback
from collections import deque
from collections.abc import Iterable, Iterator
from time import monotonic
from typing import Any

from granian import _futures
from granian._granian import SocketHolder, WorkerSignal, WSGIWorker
from granian.http import HTTP1Settings

from fakes.clock import SystemClock
from fakes.serving.byte_proxy import MARKED_STATUS, ByteProxy, marked, stop_accepting
from fakes.serving.connection import CAN_DRIP_KEY, DRIP_KEY, ENDING_KEY, WAIT_KEY, ConnectionEnding
from fakes.serving.tcp_reset import ConnectionResetter, finds_sockets, sockets_accepted_on
from fakes.serving.wsgi import NO_REPLY_KEY, Environ, Reply, WSGIApp, join_parts

BACKLOG = 1024
IDLE_SECONDS = 30
IDLE_CONNECTION_MS = 75_000
"""An idle connection is closed after this, the default of nginx; clients that poll every minute keep theirs."""
IDLE_WITHIN = 2.0
"""Seconds to wait for requests under way before open connections are closed."""
FLUSH_SECONDS = 0.05
"""Seconds after which the HTTP library has certainly sent its buffer; it does so as soon as it has to wait."""

# Two contradictory lengths: the HTTP library refuses to write such a head and closes the connection, so the caller sees
# a clean end without a single byte.
UNWRITABLE = [("content-length", "1"), ("content-length", "2")]


class _ReplyHead:
    """A `start_response` that keeps status and headers."""

    __slots__ = ("headers", "status")

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[str, str]] = []

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:  # noqa: ARG002 - WSGI
        self.status = int(status[:3])
        self.headers = headers


class WSGIServer:
    """Serves `app` on `listener` until `stop`, with up to `threads` requests at a time."""

    def __init__(self, app: WSGIApp, listener: socket.socket, *, threads: int, rng: random.Random) -> None:
        self._app = app
        self._listener = listener
        self._threads = threads
        self._rng = rng
        self._lock = threading.Lock()
        self._behind_proxy: _Port | None = None
        self._front: ByteProxy | None = None
        if not finds_sockets():  # the proxy could not take over later
            listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
            self._front = ByteProxy(self._listener, listener.getsockname())
        self._direct = _Port(app, listener, threads, rng, can_drip=self._front is not None)

    def start(self) -> None:
        """Start serving; returns at once."""
        self._direct.start()
        if self._front is not None:
            self._front.start()

    def stop(self) -> None:
        """Stop accepting requests."""
        self._direct.stop()
        self._listener.close()
        if self._behind_proxy is not None:
            self._behind_proxy.stop()

    @property
    def missed_resets(self) -> int:
        """How many connections were closed because they could not be reset."""
        ports = (self._direct, self._behind_proxy)
        return sum(port.resetter.missed for port in ports if port is not None)

    def prepare_to_drip(self) -> None:
        """From now on let connections pass through a proxy that can send byte by byte. Those that are open are closed,
        as at a restart of a server: a client connects again."""
        with self._lock:
            if self._behind_proxy is not None or self._front is not None:
                return
            inner = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
            self._behind_proxy = _Port(self._app, inner, self._threads, self._rng, can_drip=True)
            self._behind_proxy.start()
            self._direct.wait_until_it_accepts(IDLE_WITHIN)
            stop_accepting(self._listener)
            self._direct.wait_until_idle(IDLE_WITHIN)
            for connection in sockets_accepted_on(self._listener.getsockname()[1]):
                with connection, contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            ByteProxy(self._listener, inner.getsockname()).start()


class _Port:
    """One of granian's workers on one listening socket."""

    def __init__(self, app: WSGIApp, listener: socket.socket, threads: int, rng: random.Random, can_drip: bool) -> None:
        self.resetter = ConnectionResetter(listener.getsockname()[1], rng)
        self._app = app
        self._listener = listener
        self._hang_timers = SystemClock()  # real time: these are sockets
        self._base = _base_environ() | {CAN_DRIP_KEY: can_drip}
        self._signal = WorkerSignal()
        self._worker = _worker(listener, threads)
        self._busy: deque[None] = deque()  # one for each request under way: its length changes atomically

    def wait_until_it_accepts(self, seconds: float) -> None:
        """Return when the worker, which starts in a thread of its own, accepts connections, or after `seconds`."""
        end, address = monotonic() + seconds, self._listener.getsockname()
        with socket.create_connection(address[:2]) as probe, contextlib.ExitStack() as held:
            while monotonic() < end:
                accepted = [held.enter_context(found) for found in sockets_accepted_on(address[1])]
                if any(one.getpeername() == probe.getsockname() for one in accepted):
                    return
                _wait(0.001)

    def wait_until_idle(self, seconds: float) -> None:
        """Return when no request is under way, or after `seconds`."""
        end = monotonic() + seconds
        while self._busy and monotonic() < end:
            _wait(0.001)

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()  # required by granian, never run
        new_scheduler: Any = _futures._new_cbscheduler  # granian's own server does the same
        self._scheduler = new_scheduler(self._loop, self._answer, impl_asyncio=True)
        self._worker.serve_str(self._scheduler, self._loop, self._signal)

    def stop(self) -> None:
        self._signal.set()
        self._listener.close()
        self._hang_timers.close()
        self._loop.close()

    def _answer(self, proto: Any, scope: Environ) -> None:
        self._busy.append(None)
        try:
            self._answer_request(proto, scope)
        finally:
            self._busy.pop()

    def _answer_request(self, proto: Any, scope: Environ) -> None:
        environ = self._base | scope
        head = _ReplyHead()
        try:
            parts = self._app(environ, head)
        except Exception:  # a bug in a fake must neither keep its caller waiting nor end other requests
            traceback.print_exc()
            proto.response_bytes(500, [("content-type", "text/plain")], b"internal error of the fake: see its output")
            return
        if NO_REPLY_KEY in environ:
            self._end(proto, environ, head, parts)
        elif DRIP_KEY in environ:
            reply = Reply(head.status, tuple(head.headers), join_parts(parts))
            proto.response_bytes(MARKED_STATUS, *marked(reply, environ[DRIP_KEY]))
        elif isinstance(parts, list):
            proto.response_bytes(head.status, head.headers, parts[0] if len(parts) == 1 else b"".join(parts))
        else:
            proto.response_bytes(head.status, head.headers, join_parts(parts))

    def _end(self, proto: Any, environ: Environ, head: _ReplyHead, parts: Any) -> None:
        ending: ConnectionEnding | None = environ.get(ENDING_KEY)
        if ending is None:  # a reply that is shorter than its Content-Length
            proto.response_iter(head.status, head.headers, _cut_off(parts))
        elif ending.kind == "reset":
            self.resetter.reset(proto)
        elif ending.kind == "hang":
            # No thread waits: the connection stays open as long as something references `proto`.
            self._hang_timers.call_later(ending.seconds, lambda: _close(proto))
        else:
            _close(proto)


def _close(proto: Any) -> None:
    proto.response_iter(200, UNWRITABLE, iter(()))


def _cut_off(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The parts; ends only when they are on the wire, because a body that ends too early drops what is not yet sent."""
    yield from (part for part in parts if part)
    _wait(FLUSH_SECONDS)


def _base_environ() -> Environ:
    return {
        "SCRIPT_NAME": "",
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multiprocess": False,
        "wsgi.multithread": True,
        "wsgi.run_once": False,
        "wsgi.version": (1, 0),
        WAIT_KEY: _wait,
    }


def _wait(seconds: float) -> bool:
    threading.Event().wait(seconds)  # real time, in the thread of this request
    return True


def _worker(listener: socket.socket, threads: int) -> Any:
    os.set_blocking(listener.fileno(), False)
    worker: Any = WSGIWorker  # granian's type stubs are behind its code
    holder: Any = SocketHolder
    no_tls: tuple[Any, ...] = (False, None, None, None, "tls1.3", None, [], False)
    no_metrics = (None, None)
    runtime_threads, helper_threads, backpressure = 1, 4, 4096
    return worker(
        1,
        (None, holder(os.dup(listener.fileno()), False, BACKLOG)),  # a copy: granian closes it
        None,
        runtime_threads,
        helper_threads,
        threads,
        IDLE_SECONDS,
        backpressure,
        "1",
        HTTP1Settings(header_read_timeout=IDLE_CONNECTION_MS),
        None,
        None,
        *no_tls,
        no_metrics,
    )
