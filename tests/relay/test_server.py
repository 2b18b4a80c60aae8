"""The web server: slow and silent connections keep nobody out, and idle ones are closed."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from waitress.server import create_server  # type: ignore[import-untyped]  # neither it nor typeshed has types

from relay.web import MAX_BODY_BYTES, SERVER
from tests.relay.neighbours import TOKEN, World, make_relay
from tests.relay.test_main import start

pytestmark = pytest.mark.filterwarnings("ignore:send_bytes:DeprecationWarning")  # SERVER says why it is set
PATH = "/api/v2/sms/rapidpro/incoming-messages"
BEGINNINGS = [
    b"",
    f"POST {PATH} HTTP/1.1\r\nHost: relay.test\r\nX-Slow: ".encode(),
    f"POST {PATH} HTTP/1.1\r\nHost: relay.test\r\nAuthorization: Token {TOKEN}\r\n"
    "Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{".encode(),
]
"""Silent; in the middle of a header; in the middle of a body."""


def connect(url: str, beginning: bytes) -> socket.socket:
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port), timeout=10)
    connection.sendall(beginning)
    return connection


def post(url: str, id_: str, timeout: float = 5) -> requests.Response:
    message = {"id": id_, "from": "+250788123001", "content": "G TEMP"}
    return requests.post(f"{url}{PATH}", json=message, headers={"Authorization": f"Token {TOKEN}"}, timeout=timeout)


def test_120_slow_or_silent_connections_keep_nobody_out(tmp_path: Path) -> None:
    process = start(tmp_path)
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["relay"]
    with ExitStack() as stack:
        for number in range(120):
            stack.enter_context(connect(url, BEGINNINGS[number % len(BEGINNINGS)]))
        assert [post(url, f"run-{number}").status_code for number in range(5)] == [200] * 5
        assert requests.get(f"{url}/health", timeout=1).status_code == 200
    process.terminate()
    process.communicate(timeout=30)


@contextmanager
def served(**changes: Any) -> Iterator[str]:
    """The relay's app on a socket in this process, with the relay's own settings of the server except `changes`."""
    relay = make_relay(World())
    server = create_server(relay.app, listen="127.0.0.1:0", **{**SERVER, **changes})
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            server.asyncore.loop(timeout=0.05, map=server._map, use_poll=True, count=1)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        ended.set()
        thread.join()
        server.task_dispatcher.shutdown()
        server.asyncore.close_all(server._map)
        relay.close()


@pytest.mark.parametrize("beginning", BEGINNINGS, ids=["silent", "header", "body"])
def test_idle_connections_are_closed(beginning: bytes) -> None:
    assert SERVER["channel_timeout"] <= 60
    with served(channel_timeout=1, cleanup_interval=1) as url, connect(url, beginning) as connection:
        assert connection.recv(1000) == b""


def test_a_large_body_is_refused_before_it_is_read() -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: relay.test\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n".encode()
    with served() as url, connect(url, head) as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_large_headers_are_refused() -> None:
    with served() as url, connect(url, BEGINNINGS[1] + b"x" * 20_000) as connection:
        assert connection.recv(1000).split(b" ")[1] == b"431"
