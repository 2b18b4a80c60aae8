"""`python -m loadtests.bench fakes`: the stateful exchange "POST broadcast, then GET messages?broadcast=".

Over loopback, with one core for the server, and with ledger, throttle and an unmatched fault in the plan.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from conformance.services.neighbours import RAPIDPRO_TOKEN
from fakes.serving.own_python import own_command, own_environment
from fakes.serving.process import Addresses
from loadtests.bench.client import Connection
from loadtests.bench.server import UNMATCHED, pinned_fakes, process_usage
from loadtests.gates import percentile

CONNECTIONS = 8
SECONDS = 10.0
ROUNDS = 10
AUTHORIZATION = f"Authorization: Token {RAPIDPRO_TOKEN}\r\n"
UNLIMITED = "1000000000/hour"
Work = Callable[[str, int, float, list[float]], None]
"""The work of one connection: takes the address, its number, the time to end at, and the list for latencies."""


def measure(seconds: float = SECONDS, connections: int = CONNECTIONS) -> dict[str, float]:
    """Requests per second, requests per processor second of the server, latencies, memory, time to first answer.

    `share_of_bare`: requests per processor second, relative to a WSGI callable that does nothing on the same server.
    """
    first = time_to_first_answer()
    with pinned_fakes(("rapidpro",)) as fakes, pinned_fakes(("rapidpro",), module="loadtests.bench.bare") as bare:
        control = Connection(fakes.control)
        control.json("POST", "/faults", body=UNMATCHED)
        control.json("PUT", "/rapidpro/rates", body={"v2": UNLIMITED, "v2.messages": UNLIMITED})
        control.close()
        cost, bare_cost = Cost(), Cost()
        for _ in range(ROUNDS):  # alternating, so that a temporarily slow machine is slow for both
            cost.add(fakes, exchange, seconds / ROUNDS, connections)
            bare_cost.add(bare, call_bare_server, seconds / ROUNDS / 2, connections)
        memory = process_usage(fakes.pid).rss_mib
    return {
        "requests": len(cost.latencies),
        "requests_per_second": round(len(cost.latencies) / cost.wall),
        "requests_per_cpu_second": round(cost.rate),
        "bare_requests_per_cpu_second": round(bare_cost.rate),
        "share_of_bare": round(cost.rate / bare_cost.rate, 3),
        "p50_ms": round(percentile(cost.latencies, 0.5) * 1000, 3),
        "p99_ms": round(percentile(cost.latencies, 0.99) * 1000, 3),
        "memory_mib": round(memory),
        "first_answer_seconds": round(first, 3),
    }


@dataclass
class Cost:
    """The requests to one server: their latencies, wall-clock seconds in total, processor seconds of the server."""

    latencies: list[float] = field(default_factory=list)
    wall: float = 0.0
    cpu: float = 0.0

    def add(self, server: Addresses, work: Work, seconds: float, connections: int) -> None:
        """Send requests for that many seconds."""
        before = process_usage(server.pid).cpu_seconds
        latencies, wall = load(str(server.rapidpro), work, seconds, connections)
        self.cpu += process_usage(server.pid).cpu_seconds - before
        self.wall += wall
        self.latencies += latencies

    @property
    def rate(self) -> float:
        """Requests per processor second."""
        return len(self.latencies) / self.cpu


def time_to_first_answer() -> float:
    """Seconds from the start of the fakes to the answer to a first request."""
    began = time.monotonic()
    process = subprocess.Popen(
        own_command("fakes", "rapidpro", "--stop-with-stdin"),
        env=own_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    address = json.loads(process.stdout.readline())["rapidpro"]
    connection = Connection(address)
    connection.request("GET", "/api/v2/workspace.json", AUTHORIZATION)
    seconds = time.monotonic() - began
    connection.close()
    process.terminate()
    process.communicate()
    return seconds


def load(url: str, work: Work, seconds: float, connections: int) -> tuple[list[float], float]:
    """The latency of each request in seconds, and the seconds in total."""
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
    return [latency for group in latencies for latency in group], time.monotonic() - began


def exchange(url: str, position: int, end: float, latencies: list[float]) -> None:
    """Send a broadcast and look up its message, repeatedly, until `end`."""
    connection = Connection(url)
    body = json.dumps({"urns": [f"tel:+25078812300{position}"], "text": "Visit due tomorrow"}).encode()
    while (sent := time.monotonic()) < end:
        status, answer = connection.request("POST", "/api/v2/broadcasts.json", AUTHORIZATION, body)
        answered = time.monotonic()
        if status != 201:
            raise ValueError(f"the broadcast was answered {status}: {answer[:300]!r}")
        reference = json.loads(answer)["id"]
        looked_up = time.monotonic()
        status, answer = connection.request("GET", f"/api/v2/messages.json?broadcast={reference}", AUTHORIZATION)
        if status != 200:
            raise ValueError(f"the look-up was answered {status}: {answer[:300]!r}")
        latencies += (answered - sent, time.monotonic() - looked_up)
    connection.close()


def call_bare_server(url: str, _position: int, end: float, latencies: list[float]) -> None:
    """Call a server that does nothing, repeatedly, until `end`."""
    connection = Connection(url)
    while (sent := time.monotonic()) < end:
        connection.request("GET", "/", AUTHORIZATION)
        latencies.append(time.monotonic() - sent)
    connection.close()
