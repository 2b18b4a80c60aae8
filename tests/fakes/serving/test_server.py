"""What a caller sees of the server on a socket, in bytes."""

from __future__ import annotations

import socket
import threading

import pytest

from fakes.serving import server
from fakes.serving.connection import stream_reply
from fakes.serving.server import WSGIServer
from fakes.serving.wsgi import Environ, Reply, ReplyApp
from fakes.standalone import listen
from tests.fakes.serving.raw import exchange, served

CLOSE = b"Connection: close\r\n\r\n"


class Echo(ReplyApp):
    """Answers with method, path and body of the request; `/empty` with 204, `/bug` not at all."""

    def answer(self, environ: Environ) -> Reply:
        if environ["PATH_INFO"] == "/bug":
            raise ValueError("a bug")
        if environ["PATH_INFO"] == "/empty":
            return Reply(204)
        text = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} ".encode()
        return Reply.of(200, "text/plain", text + environ["wsgi.input"].read())


def test_requests_on_one_connection_are_answered_in_order() -> None:
    with served(Echo()) as address:
        requests = [f"GET /{n} HTTP/1.1\r\nHost: fake\r\n\r\n".encode() for n in range(3)]
        whole = exchange(address, b"".join(requests) + b"GET /last HTTP/1.1\r\nHost: fake\r\n" + CLOSE)
    assert [line for line in whole.replace(b"HTTP/1.1", b"\r\n").split(b"\r\n") if line.startswith(b"GET")] == [
        b"GET /0 ", b"GET /1 ", b"GET /2 ", b"GET /last ",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("request_line", "status", "body"),
    [
        (b"HEAD /a HTTP/1.1", b"200 OK", b""),
        (b"GET /a HTTP/1.0", b"200 OK", b"GET /a "),
        (b"GET /empty HTTP/1.1", b"204 No Content", b""),
        (b"GET /bug HTTP/1.1", b"500 Internal Server Error", b"internal error of the fake: see its output"),
        (b"GET /a b HTTP/1.1", b"400 Bad Request", b"400 Bad Request"),
    ],
)
def test_a_reply_is_whole_http(request_line: bytes, status: bytes, body: bytes) -> None:
    with served(Echo()) as address:
        head, _, rest = exchange(address, request_line + b"\r\nHost: fake\r\n" + CLOSE).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert (lines[0], rest) == (b"HTTP/1.1 " + status, body)
    names = [line.split(b":")[0] for line in lines[1:]]
    assert names.count(b"Date") == 1
    assert names.count(b"Content-Length") == (0 if b"204" in status else 1)
    assert b"Connection: close" in lines


class Endless(ReplyApp):
    """Streams as much as the caller takes."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def answer(self, environ: Environ) -> Reply:
        stream_reply(environ, Parts(self.closed))
        return Reply(200, (("Content-Type", "text/plain"),))


class Parts:
    """A stream without end."""

    def __init__(self, closed: threading.Event) -> None:
        self._closed = closed

    def __iter__(self) -> Parts:
        return self

    def __next__(self) -> bytes:
        return b"x" * 65536

    def close(self) -> None:
        self._closed.set()


def test_the_caller_of_a_stream_who_takes_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "SLOW_CALLER_SECONDS", 0.2)
    app = Endless()
    with served(app) as address, socket.create_connection(address, timeout=10) as caller:
        caller.sendall(b"GET / HTTP/1.1\r\nHost: fake\r\n\r\n")
        assert b"Connection: close" in caller.recv(200)
        assert app.closed.wait(10)


def test_a_stream_ends_with_its_caller() -> None:
    app = Endless()
    with served(app) as address:
        with socket.create_connection(address, timeout=10) as caller:
            caller.sendall(b"GET / HTTP/1.1\r\nHost: fake\r\n\r\n")
            assert caller.recv(200).startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: ")
        assert app.closed.wait(10)


def test_an_old_client_that_asks_for_it_keeps_its_connection() -> None:
    keep = b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    with served(Echo()) as address:
        whole = exchange(address, keep + b"GET /b HTTP/1.0\r\n\r\n")
    assert whole.count(b"200 OK") == 2
    assert b"Connection: keep-alive" in whole


def test_a_caller_that_still_sends_learns_why_it_is_refused() -> None:
    with served(Echo()) as address, socket.create_connection(address, timeout=10) as caller:
        caller.sendall(b"no HTTP\r\n" + b"x" * 1_000_000)
        assert caller.recv(1000).startswith(b"HTTP/1.1 400 Bad Request")


def test_no_more_requests_than_threads_are_answered_at_a_time() -> None:
    now, most, lock, full = 0, 0, threading.Lock(), threading.Barrier(4)

    def app(environ: Environ, start_response: object) -> list[bytes]:  # noqa: ARG001
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        full.wait(10)
        with lock:
            now -= 1
        return Reply(200).to_wsgi(start_response)  # type: ignore[arg-type]

    with served(app) as address:
        callers = [
            threading.Thread(target=exchange, args=(address, b"GET / HTTP/1.1\r\nHost: fake\r\n" + CLOSE))
            for _ in range(8)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    assert most == 4


def test_a_stopped_server_ends_open_connections_and_takes_no_more() -> None:
    listener = listen("127.0.0.1", 0)
    address = listener.getsockname()
    server = WSGIServer(Echo(), listener, threads=1)
    server.start()
    with socket.create_connection(address, timeout=10) as caller:
        caller.sendall(b"GET /a HTTP/1.1\r\nHost: fake\r\n\r\n")
        assert caller.recv(1000).startswith(b"HTTP/1.1 200 OK")
        server.stop()
        assert caller.recv(1000) == b""
    with pytest.raises(ConnectionError):
        socket.create_connection(address, timeout=10)
