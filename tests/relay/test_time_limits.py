"""Time limits hold whatever a neighbour sends, over real sockets, also with TLS; no cookies, no interim answers."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from relay import http_client
from relay.http_client import SEND_BY, open_session, steady
from relay.models import CallError
from relay.policy import MAX_PAGES
from relay.rapidpro import RapidProClient
from relay.sync import SENDS_TOGETHER
from tests.relay.neighbours import AMINA, TOKEN, http, reply, settings, wait_for

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b; Path=/\r\n\r\n{}"
HEAD = b"HTTP/1.1 200 OK\r\n"
LIMIT = 0.6


def answer(body: Any) -> tuple[bytes, bytes, float]:
    """What makes a server answer at once, and whole."""
    data = json.dumps(body).encode()
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(data) + data, b"", 0


class Dripping:
    """A server that answers each request with `first`, then `piece` again and again, then `last`."""

    def __init__(self, first: bytes, piece: bytes = b"", times: float = float("inf"), last: bytes = b"") -> None:
        self.first, self.piece, self.times, self.last = first, piece, times, last
        self.requests: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.tls: ssl.SSLContext | None = None
        self.silent_to: bytes | None = None
        """How a request begins after which a connection gets no answer any more."""
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://localhost:{self.listener.getsockname()[1]}/"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), self.tls.wrap_socket(connection, server_side=True) if self.tls else connection as conn:
            silent = False
            while request := conn.recv(65536):
                self.requests.append(request)
                silent = silent or (self.silent_to is not None and request.startswith(self.silent_to))
                if silent:
                    continue
                conn.sendall(self.first)
                sent = 0
                while sent < self.times:
                    conn.sendall(self.piece)
                    sent += 1
                    threading.Event().wait(0.005)
                conn.sendall(self.last)


@pytest.fixture
def serve() -> Iterator[Callable[..., Dripping]]:
    servers: list[Dripping] = []

    def start(*args: Any) -> Dripping:
        servers.append(Dripping(*args))
        return servers[-1]

    yield start
    for server in servers:
        server.listener.close()


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[requests.Session]:
    monkeypatch.setattr(http_client, "TIMEOUT", (1, LIMIT))
    with open_session() as session:
        session.trust_env = False
        yield session


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    command += f" -addext subjectAltName=DNS:localhost -keyout {folder}/key.pem -out {folder}/cert.pem"
    subprocess.run(command.split(), check=True, capture_output=True, timeout=60)
    return folder


ENDLESS = {
    "body": (HEAD + b"Content-Length: 1000000\r\n\r\n", b" "),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "body until close": (HEAD + b"\r\n", b" "),
    "headers": (HEAD, b"X"),
    "status line": (b"", b"H"),
    "100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "102 Processing": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "silence": (b"", b""),
}


def assert_given_up(session: requests.Session, url: str) -> None:
    began = time.monotonic()
    with pytest.raises(CallError) as caught:
        http(session).call("POST", url, body={})
    assert caught.value.outcome_unknown
    assert LIMIT * 0.9 < time.monotonic() - began < LIMIT + 2  # the machine may be busy


@pytest.mark.parametrize("pieces", ENDLESS.values(), ids=ENDLESS)
def test_an_endless_answer_is_given_up_after_the_limit(
    serve: Callable[..., Dripping], session: requests.Session, pieces: tuple[bytes, bytes]
) -> None:
    assert_given_up(session, serve(*pieces).url)


@pytest.mark.parametrize("pieces", [ENDLESS["body"], ENDLESS["headers"]], ids=["body", "headers"])
def test_it_is_given_up_over_tls_too(
    serve: Callable[..., Dripping], session: requests.Session, pieces: tuple[bytes, bytes], certificate: Path
) -> None:
    server = serve(*pieces)
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    session.verify = str(certificate / "cert.pem")
    assert_given_up(session, server.url)
    assert server.requests


@pytest.mark.parametrize("url", ["http://cht.invalid/", "https://cht.invalid/"])
def test_it_is_given_up_through_a_proxy_too(
    serve: Callable[..., Dripping], session: requests.Session, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With https, the proxy drips its answer to CONNECT, which belongs to connecting."""
    monkeypatch.setattr(http_client, "TIMEOUT", (LIMIT, LIMIT))
    proxy = serve(*ENDLESS["headers"])
    session.proxies = {"http": proxy.url, "https": proxy.url}
    assert_given_up(session, url)
    assert proxy.requests


def test_interim_answers_are_skipped(serve: Callable[..., Dripping], session: requests.Session) -> None:
    interim = (
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    )
    assert http(session).call("GET", serve(interim, b"", 0, ANSWER).url)[:2] == (200, {})


def test_a_connection_is_kept_and_a_cookie_is_not(serve: Callable[..., Dripping], session: requests.Session) -> None:
    server = serve(ANSWER, b"", 0)
    for _ in range(3):
        http(session).call("GET", server.url)
    assert len(server.requests) == 3
    assert all(b"cookie" not in request.lower() for request in server.requests)
    assert not session.cookies


def test_a_call_that_was_decided_on_too_long_ago_is_not_sent(
    serve: Callable[..., Dripping], session: requests.Session
) -> None:
    server = serve(ANSWER, b"", 0)
    fresh = http(session, confirm=lambda: steady() - 14)
    old = http(session, confirm=lambda: steady() - 16)
    assert fresh.call("GET", server.url)[0] == 200
    with pytest.raises(CallError):
        old.call("GET", server.url)
    assert len(server.requests) == 1
    SEND_BY.set(float("inf"))


class OneAnswer:
    """A session in which every request has the same answer."""

    def __init__(self, body: Any) -> None:
        self.body, self.calls = body, 0

    def request(self, *_: Any, **__: Any) -> requests.Response:
        self.calls += 1
        return reply(200, self.body)


def test_a_list_whose_next_page_is_itself_ends() -> None:
    endless = OneAnswer({"next": "http://rapidpro.test/api/v2/broadcasts.json?cursor=a", "results": []})
    with pytest.raises(CallError, match="pages"):
        list(RapidProClient(settings(), http(endless)).broadcasts(0))
    assert endless.calls == MAX_PAGES


SHORT_LIMITS = (
    "import relay.http_client as h; h.TIMEOUT = (5, 2); from relay.__main__ import main; raise SystemExit(main())"
)


def start(tmp_path: Path, cht_url: str, rapidpro_url: str, program: str) -> tuple[subprocess.Popen[str], str]:
    environ = {
        **os.environ,
        "RELAY_LISTEN": "127.0.0.1:0",
        "RELAY_CHT_URL": cht_url,
        "RELAY_CHT_USER": "gateway",
        "RELAY_CHT_PASSWORD": "gateway-pass",
        "RELAY_RAPIDPRO_URL": rapidpro_url,
        "RELAY_RAPIDPRO_TOKEN": "rapidpro-token",
        "RELAY_INCOMING_TOKEN": TOKEN,
        "RELAY_POLL_SECONDS": "0.2",
        "RELAY_DATABASE": f"sqlite:///{tmp_path}/relay.db",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", program], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())["relay"]


def test_a_neighbour_that_drips_delays_nothing_of_the_other_is_logged_and_does_not_hold_up_the_end(
    serve: Callable[..., Dripping], tmp_path: Path
) -> None:
    """RapidPro drips its answer to the first text; CHT is polled meanwhile."""
    cht = serve(*answer({"messages": [{"id": "a", "to": AMINA, "content": "Visit due"}]}))
    rapidpro = serve(*ENDLESS["body"])
    process, _ = start(tmp_path, cht.url, rapidpro.url, SHORT_LIMITS)
    wait_for(lambda: rapidpro.requests)
    polls = len(cht.requests)
    wait_for(lambda: len(cht.requests) > polls + 4 or len(rapidpro.requests) > 1)
    assert len(rapidpro.requests) == 1  # still dripping, while CHT was polled five times
    wait_for(lambda: len(rapidpro.requests) > 1)  # given up, and looked up
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, err = process.communicate(timeout=30)
    assert time.monotonic() - began < 5
    assert process.returncode == 0
    assert '"neighbour": "rapidpro"' in err


def test_it_ends_within_five_seconds_although_both_neighbours_drip(
    serve: Callable[..., Dripping], tmp_path: Path
) -> None:
    cht = serve(*ENDLESS["headers"])
    process, _ = start(tmp_path, cht.url, serve(*ENDLESS["body"]).url, "from relay.__main__ import main; main()")
    wait_for(lambda: cht.requests)
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    process.communicate(timeout=30)
    assert time.monotonic() - began < 5


def test_it_ends_within_five_seconds_although_all_its_sends_wait(
    serve: Callable[..., Dripping], tmp_path: Path
) -> None:
    texts = [{"id": str(n), "to": f"{AMINA[:-1]}{n}", "content": "Visit due"} for n in range(2 * SENDS_TOGETHER)]
    cht, rapidpro = serve(*answer({"messages": texts})), serve(*answer({}))
    rapidpro.silent_to = b"POST "
    process, _ = start(tmp_path, cht.url, rapidpro.url, "from relay.__main__ import main; raise SystemExit(main())")
    wait_for(lambda: sum(request.startswith(b"POST ") for request in rapidpro.requests) == SENDS_TOGETHER)
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    process.communicate(timeout=30)
    assert time.monotonic() - began < 5
    assert process.returncode == 0
