"""`python -m loadtests.bench long_run`: fakes that run for weeks, in minutes: memory and speed stay what they were.

A relay that polls: CHT for texts, RapidPro for messages. These requests leave no state behind, so all that could grow
is what the fakes keep of the traffic. What grows by nature, since callers created it, is measured apart: broadcasts.
"""

from __future__ import annotations

import base64
import itertools
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.services.neighbours import CHT_GATEWAY, RAPIDPRO_TOKEN
from fakes.serving.process import Addresses
from loadtests.bench.client import Connection
from loadtests.bench.server import pinned_fakes, process_usage

EXCHANGES = 100_000
"""Exchanges in all; the environment variable LONG_RUN overrides it."""
SLICES = 20
CONNECTIONS = 4
BROADCASTS = 200
UNLIMITED = "1000000/second"
"""By the second: RapidPro remembers each request for as long as its quota counts it."""
RAPIDPRO = f"Authorization: Token {RAPIDPRO_TOKEN}\r\n"
CHT = f"Authorization: Basic {base64.b64encode(':'.join(CHT_GATEWAY).encode()).decode()}\r\n"


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the run: requests per second and per processor second of the server, and its memory at the end."""

    per_second: float
    per_cpu_second: float
    rss_mib: float


def measure(exchanges: int | None = None) -> dict[str, float]:
    """Memory and speed at the beginning and at the end, the ledger's own figures, and what a broadcast takes.

    The beginning is when the ledger's memory is full for the first time; `slope` is from then on.
    """
    number = exchanges or int(os.environ.get("LONG_RUN", EXCHANGES))
    with pinned_fakes(("rapidpro", "cht")) as fakes:
        control = Connection(fakes.control)
        control.json("PUT", "/rapidpro/rates", body=dict.fromkeys(("v2", "v2.messages", "v2.broadcasts"), UNLIMITED))
        kept_per_broadcast = _create(fakes, BROADCASTS)
        slices = [_slice(fakes, number // SLICES, place) for place in range(SLICES)]
        kept = _metrics(control)
        control.close()
    full = min(SLICES // 2, -(-kept["fakes_ledger_memory_exchanges"] * SLICES // number))
    steady = slices[int(full) :]
    grown = steady[-1].rss_mib - steady[0].rss_mib
    quarter = max(1, len(steady) // 4)
    return {
        "exchanges": kept["fakes_exchanges_total"],
        "rss_mib_when_full": round(steady[0].rss_mib, 1),
        "rss_mib_at_end": round(steady[-1].rss_mib, 1),
        "rss_mib_most": round(max(one.rss_mib for one in slices), 1),
        "slope_mib_per_100000": round(grown * 100_000 / (number / SLICES * max(1, len(steady) - 1)), 2),
        "requests_per_cpu_second_first": round(_middle([one.per_cpu_second for one in steady[:quarter]])),
        "requests_per_cpu_second_last": round(_middle([one.per_cpu_second for one in steady[-quarter:]])),
        "requests_per_second_first": round(_middle([one.per_second for one in steady[:quarter]])),
        "requests_per_second_last": round(_middle([one.per_second for one in steady[-quarter:]])),
        "spooled": kept["fakes_ledger_spooled_exchanges"],
        "spool_mib": round(kept["fakes_ledger_spool_bytes"] / 2**20, 1),
        "dropped": kept["fakes_ledger_dropped_total"],
        "kib_per_broadcast": round(kept_per_broadcast, 1),
    }


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def _slice(fakes: Addresses, number: int, place: int) -> Slice:
    before, began = process_usage(fakes.pid), time.monotonic()
    workers = [
        threading.Thread(target=_poll, args=(fakes, number // CONNECTIONS, f"{place}-{worker}"))
        for worker in range(CONNECTIONS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    wall, after = time.monotonic() - began, process_usage(fakes.pid)
    return Slice(number / wall, number / (after.cpu_seconds - before.cpu_seconds), after.rss_mib)


def _poll(fakes: Addresses, number: int, name: str) -> None:
    """So many requests on one connection to each service, by turns; no two are equal."""
    rapidpro, cht = Connection(str(fakes.rapidpro)), Connection(str(fakes.cht))
    turns = itertools.cycle((rapidpro, cht))
    for count, connection in zip(range(number), turns, strict=False):
        mark = f"X-Request-Id: {name}-{count}\r\n"
        if connection is cht:
            connection.json("POST", "/api/sms", CHT + mark, {"messages": [], "updates": []})
        else:
            connection.json("GET", f"/api/v2/messages.json?broadcast={1 + count % BROADCASTS}", RAPIDPRO + mark)
    rapidpro.close()
    cht.close()


def _create(fakes: Addresses, number: int) -> float:
    """Send so many broadcasts; KiB of memory that each of them takes."""
    connection, before = Connection(str(fakes.rapidpro)), process_usage(fakes.pid).rss_mib
    for count in range(number):
        urns = [f"tel:+25078812{count:04}"]
        connection.json("POST", "/api/v2/broadcasts.json", RAPIDPRO, {"urns": urns, "text": f"Visit {count} is due"})
    connection.close()
    return (process_usage(fakes.pid).rss_mib - before) * 1024 / number


def _metrics(control: Connection) -> dict[str, float]:
    text = control.request("GET", "/metrics")[1].decode()
    pairs = (line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("fakes_") and "{" not in line)
    return {name: float(value) for name, value in pairs}
