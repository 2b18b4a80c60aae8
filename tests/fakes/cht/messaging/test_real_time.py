"""CHT's own gateway over real sockets and in real time: a pass that waits does not keep the next from beginning."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from fakes.cht.service import Cht
from fakes.clock import SystemClock
from tests.fakes.cht.messaging.gateway import pending

PATIENCE = 20.0


class SlowRapidPro:
    """Takes broadcasts, and answers none before it is told to."""

    def __init__(self) -> None:
        self.answering = threading.Event()
        self.changed = threading.Condition()
        self.texts: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.connections: set[int] = set()

    def wait_for(self, count: int) -> bool:
        """Whether so many broadcasts have come, within the patience of a test."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.texts) >= count, PATIENCE)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with server.changed:
                    server.texts.append(body["text"])
                    server.headers.append({name.lower(): value for name, value in self.headers.items()})
                    server.connections.add(self.client_address[1])
                    server.changed.notify_all()
                server.answering.wait(PATIENCE)
                self._answer(b'{"id": 1, "status": "delivered"}')

            def do_GET(self) -> None:
                self._answer(b'{"results": []}')

            def _answer(self, body: bytes) -> None:
                self.send_response(201)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@contextmanager
def serving(rapidpro: SlowRapidPro) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), rapidpro.handler())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        rapidpro.answering.set()
        server.shutdown()
        server.server_close()


@contextmanager
def world(url: str, count: int) -> Iterator[tuple[Cht, threading.Event]]:
    """A fake CHT whose passes run every 30 ms, and an event that says that all messages are delivered."""
    clock = SystemClock()
    session = requests.Session()
    session.trust_env = False
    cht = Cht(clock, session=session, rng=random.Random(1))
    delivered = threading.Event()

    def changed(_doc: object) -> None:
        if cht.state.messages.states().get("delivered") == count:
            delivered.set()

    cht.state.on_change(changed)
    cht.background.sending_every = 0.03
    cht.seed(
        {
            "settings": {"sms": {"outgoing_service": "rapidpro", "rapidpro": {"url": url}}},
            "credentials": {"rapidpro:outgoing": "outgoing-token"},
            "docs": pending(count),
        }
    )
    try:
        yield cht, delivered
    finally:
        cht.background.stop()
        clock.close()
        assert not cht.background.jobs.failures


def test_passes_overlap_in_real_time_while_no_answer_comes_and_the_api_goes_on() -> None:
    rapidpro = SlowRapidPro()
    with serving(rapidpro) as url, world(url, 2) as (cht, delivered):
        assert rapidpro.wait_for(3)
        assert set(rapidpro.texts) == {"text u-000"}
        assert cht.metrics()["messages_pending"] == 2  # nothing holds the lock meanwhile
        rapidpro.answering.set()
        assert delivered.wait(PATIENCE)
        assert len(rapidpro.connections) == len(rapidpro.texts)


def test_over_a_socket_the_call_has_the_headers_of_the_real_client_and_no_others() -> None:
    rapidpro = SlowRapidPro()
    rapidpro.answering.set()
    with serving(rapidpro) as url, world(url, 1) as (_, delivered):
        assert delivered.wait(PATIENCE)
    assert rapidpro.headers[0] == {
        "host": url.removeprefix("http://"),
        "connection": "close",
        "authorization": "Token outgoing-token",
        "accept": "application/json",
        "content-type": "application/json",
        "user-agent": "Community Health Toolkit/5.2.0 (linux,x64)",
        "accept-language": "*",
        "sec-fetch-mode": "cors",
        "accept-encoding": "gzip, deflate",
        "content-length": "49",
    }
