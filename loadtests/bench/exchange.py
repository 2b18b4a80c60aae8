"""`python -m loadtests.bench fakes`: the stateful exchange "POST broadcast, then GET messages?broadcast=".

Over loopback, one core for the server, with ledger, throttle and an unmatched fault plan on.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time

from conformance.surroundings import RAPIDPRO_TOKEN
from loadtests.bench.client import Connection
from loadtests.bench.server import UNMATCHED, pinned, used
from loadtests.gates import percentile

CONNECTIONS = 8
SECONDS = 5.0
AUTHORIZATION = f"Authorization: Token {RAPIDPRO_TOKEN}\r\n"
FREE = "1000000000/hour"


def measure(seconds: float = SECONDS, connections: int = CONNECTIONS) -> dict[str, float]:
    """Requests a second, requests for each processor second of the server, latencies, memory, time to first answer."""
    first = time_to_first_answer()
    with pinned(("rapidpro",)) as addresses:
        control = Connection(addresses.control)
        control.json("POST", "/faults", body=UNMATCHED)
        control.json("PUT", "/rapidpro/rates", body={"v2": FREE, "v2.messages": FREE})
        before = used(addresses.pid)
        latencies, wall = load(str(addresses.rapidpro), seconds, connections)
        after = used(addresses.pid)
    cpu = after.cpu_seconds - before.cpu_seconds
    return {
        "requests": len(latencies),
        "requests_per_second": round(len(latencies) / wall),
        "requests_per_cpu_second": round(len(latencies) / cpu),
        "p50_ms": round(percentile(latencies, 0.5) * 1000, 3),
        "p99_ms": round(percentile(latencies, 0.99) * 1000, 3),
        "memory_mib": round(after.rss_mib),
        "first_answer_seconds": round(first, 3),
    }


def time_to_first_answer() -> float:
    """Seconds from starting the fakes to their line of addresses, which they print when they answer."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "fakes", "rapidpro", "--stop-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    address = json.loads(process.stdout.readline())["rapidpro"]
    Connection(address).request("GET", "/api/v2/workspace.json", AUTHORIZATION)
    took = time.monotonic() - began
    process.terminate()
    process.communicate()
    return took


def load(url: str, seconds: float, connections: int) -> tuple[list[float], float]:
    """Each request's latency in seconds, and the seconds it took in all."""
    latencies: list[list[float]] = [[] for _ in range(connections)]
    began = time.monotonic()
    workers = [
        threading.Thread(target=exchange, args=(url, position, began + seconds, latencies[position]))
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
