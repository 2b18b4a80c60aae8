"""The stateful exchange "POST broadcast, then GET messages?broadcast=": the fake RapidPro, and its peers in turns.

Over loopback, with one core for the servers. The fake has ledger, throttle and an unmatched fault in its plan; a peer
does the same exchange without them, or, a bare WSGI callable, nothing at all.

As in RapidPro, a broadcast of the fake has no message before mailroom has seen it, up to 0.2 seconds later. A look-up
at once finds none, and costs less than one that finds a message, as look-ups in peers do. So each server looks up a
broadcast of which the message is there, and the fake, in turns of its own, also the one that was just sent.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
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
TEXT = b"Visit due tomorrow"
MAILROOM_SECONDS = 10
UNLIMITED = "1000000000/hour"
UNMATCHED = {"service": "rapidpro", "effect": "refuse", "match": {"path": "/never"}, "times": None}
"""A fault that no request matches: the plan is not empty and is searched at every request."""
FAKE, AT_ONCE = "fake RapidPro", "fake RapidPro, looked up at once"
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
    first = time_to_first_answer()
    with started(mountebank) as servers, pinned(*(server.pid for server in servers.values())):
        turns = {name: (server, _work(name, server, connections)) for name, server in servers.items()}
        turns[AT_ONCE] = (servers[FAKE], exchange)
        costs = {name: Cost() for name in turns}
        before = process_usage(servers[FAKE].pid).cpu_seconds
        for _ in range(ROUNDS):  # in turns, so that a temporarily slow machine is slow for all
            for name, (server, work) in turns.items():
                costs[name].add(server, work, seconds / ROUNDS, connections)
        used = process_usage(servers[FAKE].pid).cpu_seconds - before
        memory = {name: process_usage(server.pid).rss_mib for name, (server, _) in turns.items()}
    rows = {name: cost.figures() for name, cost in costs.items()}
    for name, row in rows.items():
        relative = costs[name].rate / costs[FAKE].rate
        row |= {"relative_to_the_fake": round(relative, 2), "memory_mib": round(memory[name])}
    between = used - costs[FAKE].cpu - costs[AT_ONCE].cpu
    whole = {"first_answer_seconds": round(first, 3), "cpu_seconds_between_its_turns": round(between, 2)}
    return {**rows, f"{FAKE}, in all": whole}


def _work(name: str, server: Addresses, connections: int) -> Work:
    """What a server has to do in its turns."""
    if name == BARE:
        return call_bare_server
    return partial(exchange, known=[first_broadcast(str(server.rapidpro), place) for place in range(connections)])


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
    """The latency of each request in seconds, and the seconds in total. Raises what the work of a connection raises."""
    latencies: list[list[float]] = [[] for _ in range(connections)]
    began = time.monotonic()
    with ThreadPoolExecutor(connections) as pool:
        under_way = [pool.submit(work, url, place, began + seconds, found) for place, found in enumerate(latencies)]
    for one in under_way:
        one.result()
    return [latency for group in latencies for latency in group], time.monotonic() - began


def exchange(
    url: str, position: int, end: float, latencies: list[float], known: Sequence[int] | None = None, pause: float = 0.0
) -> None:
    """Send a broadcast and look one up, repeatedly, until `end`: the one just sent, or the known one of the position.

    `pause`: the least seconds between the beginnings of two. Raises ValueError for other answers than a server gives
    that does the work.
    """
    with contextlib.closing(Connection(url)) as connection:
        while (sent := time.monotonic()) < end:
            reference = _send(connection, position)
            answered = time.monotonic()
            found = _look_up(connection, reference if known is None else known[position])
            if known is not None and TEXT not in found:
                raise ValueError(f"the look-up did not find the message: {found[:300]!r}")
            latencies += (answered - sent, time.monotonic() - answered)
            if pause:
                time.sleep(max(0.0, sent + pause - time.monotonic()))


def first_broadcast(url: str, position: int) -> int:
    """Send a broadcast and wait until its message is there. ValueError if it never is."""
    with contextlib.closing(Connection(url)) as connection:
        reference, end = _send(connection, position), time.monotonic() + MAILROOM_SECONDS
        while TEXT not in _look_up(connection, reference):
            if time.monotonic() > end:
                raise ValueError(f"{MAILROOM_SECONDS} seconds after broadcast {reference} there is no message of it")
            time.sleep(0.05)
        return reference


def _send(connection: Connection, position: int) -> int:
    body = json.dumps({"urns": [f"tel:+25078812300{position}"], "text": TEXT.decode()}).encode()
    status, answer = connection.request("POST", "/api/v2/broadcasts.json", AUTHORIZATION, body)
    if status != 201:
        raise ValueError(f"the broadcast was answered {status}: {answer[:300]!r}")
    return int(json.loads(answer)["id"])


def _look_up(connection: Connection, reference: int) -> bytes:
    status, answer = connection.request("GET", f"/api/v2/messages.json?broadcast={reference}", AUTHORIZATION)
    if status != 200:
        raise ValueError(f"the look-up was answered {status}: {answer[:300]!r}")
    return answer


def call_bare_server(url: str, _position: int, end: float, latencies: list[float]) -> None:
    """Call a server that does nothing, repeatedly, until `end`."""
    connection = Connection(url)
    while (sent := time.monotonic()) < end:
        connection.request("GET", "/", AUTHORIZATION)
        latencies.append(time.monotonic() - sent)
    connection.close()
