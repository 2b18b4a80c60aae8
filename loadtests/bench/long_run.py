"""Fakes that run for weeks, in minutes: `python -m loadtests.bench.long_run 1000000`.

A relay that polls: CHT for texts, RapidPro for messages. These requests leave no state behind, so all that could grow
is what the fakes keep of the traffic. What grows by nature, since callers created it, is measured apart: broadcasts.
"""

from __future__ import annotations

import base64
import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import click
import requests

from conformance.services.neighbours import CHT_GATEWAY, RAPIDPRO_TOKEN
from fakes.serving.process import Addresses, start_fakes
from loadtests.bench.servers.client import Connection
from loadtests.bench.servers.processes import pinned, process_usage

EXCHANGES = 100_000
SLICES = 20
CONNECTIONS = 4
BROADCASTS = 2000
WARM_UP = 200
"""Broadcasts that are not measured: the first ones load modules."""
UNLIMITED = "1000000/second"
"""By the second: RapidPro remembers each request for as long as its quota counts it."""
RAPIDPRO = f"Authorization: Token {RAPIDPRO_TOKEN}\r\n"
CHT = f"Authorization: Basic {base64.b64encode(':'.join(CHT_GATEWAY).encode()).decode()}\r\n"


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the run: requests per processor second of the server, and its memory at the end."""

    per_cpu_second: float
    rss_mib: float


def measure(exchanges: int = EXCHANGES) -> dict[str, dict[str, float]]:
    """Memory when the ledger's is full for the first time, and at the end; speed in the first and in the last quarter;
    what the ledger keeps."""
    with start_fakes(profile="26") as fakes, pinned(fakes.pid):
        rates = dict.fromkeys(("v2", "v2.messages", "v2.broadcasts"), UNLIMITED)
        requests.put(f"{fakes.control}/rapidpro/rates", json=rates, timeout=10).raise_for_status()
        _create(fakes, WARM_UP)
        kib_per_broadcast = _create(fakes, BROADCASTS)
        slices = [_slice(fakes, exchanges // SLICES, place) for place in range(SLICES)]
        kept = _metrics(fakes.control)
    full = min(SLICES // 2, int(kept["fakes_ledger_memory_exchanges"] * SLICES // exchanges))
    first, last = _middle(slices[: SLICES // 4]), _middle(slices[-SLICES // 4 :])
    return {
        "both fakes": {
            "exchanges": kept["fakes_exchanges_total"],
            "memory_mib_full": round(slices[full].rss_mib, 1),
            "memory_mib_end": round(slices[-1].rss_mib, 1),
            "requests_per_cpu_second_begin": round(first.per_cpu_second),
            "requests_per_cpu_second_end": round(last.per_cpu_second),
            "speed_end_to_begin": round(last.per_cpu_second / first.per_cpu_second, 3),
            "spooled": kept["fakes_ledger_spooled_exchanges"],
            "spool_mib": round(kept["fakes_ledger_spool_bytes"] / 2**20, 1),
            "dropped": kept["fakes_ledger_dropped_total"],
            "kib_per_broadcast": round(kib_per_broadcast, 1),
        }
    }


def _middle(slices: Sequence[Slice]) -> Slice:
    return sorted(slices, key=lambda one: one.per_cpu_second)[len(slices) // 2]


def _slice(fakes: Addresses, number: int, place: int) -> Slice:
    before = process_usage(fakes.pid)
    workers = [
        threading.Thread(target=_poll, args=(fakes, number // CONNECTIONS, f"{place}-{worker}"))
        for worker in range(CONNECTIONS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    after = process_usage(fakes.pid)
    return Slice(number / (after.cpu_seconds - before.cpu_seconds), after.rss_mib)


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


def _metrics(control: str) -> dict[str, float]:
    text = requests.get(f"{control}/metrics", timeout=10).text
    pairs = (line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("fakes_") and "{" not in line)
    return {name: float(value) for name, value in pairs}


@click.command()
@click.argument("exchanges", type=click.IntRange(min=1000), default=EXCHANGES)
def main(exchanges: int) -> None:
    """Measure so many EXCHANGES."""
    for figures in measure(exchanges).values():
        click.echo("\n".join(f"{name:32} {value:,}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
