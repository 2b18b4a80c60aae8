"""`python -m loadtests.bench fakes`: the stateful exchange "POST broadcast, then GET messages?broadcast=".

Over loopback, one core for the server, with ledger, throttle and an unmatched fault plan on.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from conformance.services.neighbours import RAPIDPRO_TOKEN
from fakes.serving.process import Addresses
from loadtests.bench.client import Connection
from loadtests.bench.server import UNMATCHED, pinned, used
from loadtests.gates import percentile

CONNECTIONS = 8
SECONDS = 10.0
ROUNDS = 10
AUTHORIZATION = f"Authorization: Token {RAPIDPRO_TOKEN}\r\n"
FREE = "1000000000/hour"
Work = Callable[[str, int, float, list[float]], None]
"""What one connection does: it is given the address, its number, the moment to end at, and where latencies go."""


def measure(seconds: float = SECONDS, connections: int = CONNECTIONS) -> dict[str, float]:
    """Requests a second, requests for each processor second of the server, latencies, memory, time to first answer.

    `share_of_bare`: the same as a share of what a WSGI callable that does nothing reaches under the same server.
    """
    first = time_to_first_answer()
    with pinned(("rapidpro",)) as fakes, pinned(("rapidpro",), module="loadtests.bench.bare") as bare:
        control = Connection(fakes.control)
        control.json("POST", "/faults", body=UNMATCHED)
        control.json("PUT", "/rapidpro/rates", body={"v2": FREE, "v2.messages": FREE})
        control.close()
        ours, floor = Cost(), Cost()
        for _ in range(ROUNDS):  # in turns, so that a machine that is slow for a while is slow for both
            ours.add(fakes, exchange, seconds / ROUNDS, connections)
            floor.add(bare, ask_nothing, seconds / ROUNDS / 2, connections)
        memory = used(fakes.pid).rss_mib
    return {
        "requests": len(ours.latencies),
        "requests_per_second": round(len(ours.latencies) / ours.wall),
        "requests_per_cpu_second": round(ours.rate),
        "bare_requests_per_cpu_second": round(floor.rate),
        "share_of_bare": round(ours.rate / floor.rate, 3),
        "p50_ms": round(percentile(ours.latencies, 0.5) * 1000, 3),
        "p99_ms": round(percentile(ours.latencies, 0.99) * 1000, 3),
        "memory_mib": round(memory),
        "first_answer_seconds": round(first, 3),
    }


@dataclass
class Cost:
    """What was asked of one server: latencies in seconds, seconds in all, the server's processor seconds."""

    latencies: list[float] = field(default_factory=list)
    wall: float = 0.0
    cpu: float = 0.0

    def add(self, server: Addresses, work: Work, seconds: float, connections: int) -> None:
        """Ask for so many seconds."""
        before = used(server.pid).cpu_seconds
        latencies, wall = load(str(server.rapidpro), work, seconds, connections)
        self.cpu += used(server.pid).cpu_seconds - before
        self.wall += wall
        self.latencies += latencies

    @property
    def rate(self) -> float:
        """Requests for each processor second."""
        return len(self.latencies) / self.cpu


def time_to_first_answer() -> float:
    """Seconds from starting the fakes to their line of addresses, which they print when they answer."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "fakes", "rapidpro", "--stop-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    address = json.loads(process.stdout.readline())["rapidpro"]
    connection = Connection(address)
    connection.request("GET", "/api/v2/workspace.json", AUTHORIZATION)
    took = time.monotonic() - began
    connection.close()
    process.terminate()
    process.communicate()
    return took


def load(url: str, work: Work, seconds: float, connections: int) -> tuple[list[float], float]:
    """Each request's latency in seconds, and the seconds it took in all."""
    latencies: list[list[float]] = [[] for _ in range(connections)]
    began = time.monotonic()
    workers = [
        threading.Thread(target=work, args=(url, position, began + seconds, latencies[position]))
        for position in range(connections)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return [latency for one in latencies for latency in one], time.monotonic() - began


def exchange(url: str, position: int, end: float, latencies: list[float]) -> None:
    """Send and ask, again and again, until `end`."""
    connection = Connection(url)
    body = json.dumps({"urns": [f"tel:+25078812300{position}"], "text": "Visit due tomorrow"}).encode()
    while (sent := time.monotonic()) < end:
        status, answer = connection.request("POST", "/api/v2/broadcasts.json", AUTHORIZATION, body)
        answered = time.monotonic()
        if status != 201:
            raise ValueError(f"the broadcast was answered {status}: {answer[:300]!r}")
        reference = json.loads(answer)["id"]
        asked = time.monotonic()
        status, answer = connection.request("GET", f"/api/v2/messages.json?broadcast={reference}", AUTHORIZATION)
        if status != 200:
            raise ValueError(f"the question was answered {status}: {answer[:300]!r}")
        latencies += (answered - sent, time.monotonic() - asked)
    connection.close()


def ask_nothing(url: str, _position: int, end: float, latencies: list[float]) -> None:
    """Ask a server that does nothing, again and again, until `end`."""
    connection = Connection(url)
    while (sent := time.monotonic()) < end:
        connection.request("GET", "/", AUTHORIZATION)
        latencies.append(time.monotonic() - sent)
    connection.close()
