"""Two relays on one PostgreSQL: one is frozen (SIGSTOP) in the middle of its work, the other takes over."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.relay.neighbours import TOKEN, World, wait_for

MOMENTS = 3
TEXTS = 40
SEND = "POST /api/v2/broadcasts.json"
# The limits are shortened, in the same proportions, so that the test takes seconds and not minutes.
RELAY = """
import relay.database, relay.http_client, relay.store
relay.database.FROZEN_SECONDS, relay.http_client.MAX_DECISION_AGE, relay.store.CONFIRM_AFTER = 1.5, 0.4, 0.05
from relay.__main__ import main
main()
"""


class Neighbours(ThreadingHTTPServer):
    """The neighbours of a `World` on a socket. `calls`: when, by whose token, and method with path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.world, self.lock = World(), threading.Lock()
        self.calls: list[tuple[float, str, str]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def sends(self, token: str) -> list[float]:
        """When this relay sent a text."""
        return [when for when, whose, call in self.calls if whose == token and call == SEND]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Neighbours

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            return  # half a request, which the woken relay did not complete: no server acts on it
        self.server.calls.append((time.monotonic(), self.headers["Authorization"], f"{self.command} {self.path}"))
        with self.server.lock:
            self.server.world.now = datetime.now(UTC)  # noqa: TID251 - the relays are real processes
            response = self.server.world.request(
                self.command, self.server.url + self.path, data=body, timeout=(5, 20), allow_redirects=False
            )
        threading.Event().wait(0.01)
        self.send_response(response.status_code)
        self.send_header("Content-Length", str(len(response.content)))
        self.end_headers()
        self.wfile.write(response.content)

    do_GET = do_POST = _answer

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""


@pytest.fixture
def neighbours() -> Iterator[Neighbours]:
    server = Neighbours()
    yield server
    server.shutdown()
    server.server_close()


def start(neighbours: Neighbours, database: str, token: str) -> subprocess.Popen[str]:
    environ = {
        **os.environ,
        "RELAY_LISTEN": "127.0.0.1:0",
        "RELAY_CHT_URL": neighbours.url,
        "RELAY_CHT_USER": "gateway",
        "RELAY_CHT_PASSWORD": "gateway-pass",
        "RELAY_RAPIDPRO_URL": neighbours.url,
        "RELAY_RAPIDPRO_TOKEN": token,
        "RELAY_INCOMING_TOKEN": TOKEN,
        "RELAY_POLL_SECONDS": "1",
        "RELAY_SETTLE_SECONDS": "1",
        "RELAY_DATABASE": database,
    }
    process = subprocess.Popen(
        [sys.executable, "-c", RELAY], env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    assert "relay" in json.loads(process.stdout.readline())
    return process


@pytest.mark.parametrize("seed", range(MOMENTS))
def test_a_relay_frozen_in_its_work_is_replaced_and_makes_no_call_when_it_wakes(
    neighbours: Neighbours, empty_postgresql: str, seed: int
) -> None:
    world = neighbours.world
    texts = [f"Reminder {number:02}" for number in range(TEXTS)]
    for number, text in enumerate(texts):
        world.add_texts(text, to=f"+2507881230{number:02}")  # several are on their way at the same time
    relays = {f"Token relay-{n}": start(neighbours, empty_postgresql, f"relay-{n}") for n in range(2)}
    try:
        wait_for(lambda: world.broadcasts)
        threading.Event().wait(random.Random(seed).uniform(0, 0.3))
        frozen = next(whose for _, whose, call in reversed(neighbours.calls) if call == SEND)
        relays[frozen].send_signal(signal.SIGSTOP)
        at = time.monotonic()
        with neighbours.lock:
            world.add_texts("Later")
        (other,) = relays.keys() - {frozen}
        wait_for(lambda: {*texts, "Later"} == set(world.sent()))
        assert not [when for when in neighbours.sends(frozen) if when > at + 0.2]
        assert neighbours.sends(other)[0] - at < 15
        woken = time.monotonic()
        relays[frozen].send_signal(signal.SIGCONT)
        threading.Event().wait(1.5)  # it may work again, on what it reads in the database
        assert not [when for when in neighbours.sends(frozen) if when > woken]
        assert sorted(world.sent()) == ["Later", *texts]
    finally:
        for process in relays.values():
            process.kill()
            process.communicate()
