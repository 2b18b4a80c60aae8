"""The stateful exchange "POST broadcast, then GET messages?broadcast=": the fake RapidPro, and its peers in turns.

Over loopback, with one core for the servers. The fake has ledger, throttle and an unmatched fault in its plan; a peer
does the same exchange without them, or, a bare WSGI callable, nothing at all.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.services.neighbours import RAPIDPRO_TOKEN
from fakes.serving.own_python import own_command, own_environment
from fakes.serving.process import Addresses, start_fakes
from loadtests.bench.peers.mountebank import start_mountebank
from loadtests.bench.servers.client import Connection
from loadtests.bench.servers.processes import pinned, process_usage
from loadtests.gates import percentile

CONNECTIONS = 8
SECONDS = 10.0
ROUNDS = 10
AUTHORIZATION = f"Authorization: Token {RAPIDPRO_TOKEN}\r\n"
UNLIMITED = "1000000000/hour"
UNMATCHED = {"service": "rapidpro", "effect": "refuse", "match": {"path": "/never"}, "times": None}
"""A fault that no request matches: the plan is not empty and is searched at every request."""
FAKE = "fake RapidPro"
BARE = "bare WSGI callable, same server"
FLASK, WAITRESS, MOUNTEBANK = "Flask app, same server", "Flask app, waitress", "mountebank"
Work = Callable[[str, int, float, list[float]], None]
"""The work of one connection: takes the address, its number, the time to end at, and the list for latencies."""


def measure(
    mountebank: Path | None = None, seconds: float = SECONDS, connections: int = CONNECTIONS
) -> dict[str, dict[str, float]]:
    """By server: requests per second and per processor second of the server, latencies, memory.

    `relative_to_the_fake`: requests per processor second, relative to those of the fake. `mountebank`: its command.
    """
    start = {"first_answer_seconds": round(time_to_first_answer(), 3)}
    with started(mountebank) as servers, pinned(*(server.pid for server in servers.values())):
        costs = {name: Cost() for name in servers}
        for _ in range(ROUNDS):  # in turns, so that a temporarily slow machine is slow for all
            for name, server in servers.items():
                work = call_bare_server if name == BARE else exchange
                costs[name].add(server, work, seconds / ROUNDS, connections)
        memory = {name: process_usage(server.pid).rss_mib for name, server in servers.items()}
    fake = costs[FAKE].rate
    rows = {name: cost.figures() for name, cost in costs.items()}
    for name, row in rows.items():
        row |= {"relative_to_the_fake": round(costs[name].rate / fake, 2), "memory_mib": round(memory[name])}
    return {**rows, f"{FAKE}, start": start}


@contextlib.contextmanager
def started(mountebank: Path | None) -> Iterator[Mapping[str, Addresses]]:
    """All servers, by name."""
    with contextlib.ExitStack() as stack:
        servers = {FAKE: stack.enter_context(start_fakes(("rapidpro",), profile="26"))}
        for name, peer in ((BARE, "bare"), (FLASK, "flask"), (WAITRESS, "flask-waitress")):
            servers[name] = stack.enter_context(start_fakes((peer,), module="loadtests.bench.peers"))
        if mountebank is not None:
            servers[MOUNTEBANK] = stack.enter_context(start_mountebank(mountebank))
        control = Connection(servers[FAKE].control)
        control.json("POST", "/faults", body=UNMATCHED)
        control.json("PUT", "/rapidpro/rates", body={"v2": UNLIMITED, "v2.messages": UNLIMITED})
        control.close()
        yield servers


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
        """Requests per processor second. Raises ValueError if the requests were too few to say."""
        if not self.cpu:
            raise ValueError(f"{len(self.latencies)} requests took no processor time that can be measured")
        return len(self.latencies) / self.cpu

    def figures(self) -> dict[str, float]:
        """The figures by name."""
        return {
            "requests": len(self.latencies),
            "requests_per_second": round(len(self.latencies) / self.wall),
            "requests_per_cpu_second": round(self.rate),
            "p50_ms": round(percentile(self.latencies, 0.5) * 1000, 3),
            "p99_ms": round(percentile(self.latencies, 0.99) * 1000, 3),
        }


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
