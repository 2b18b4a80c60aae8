"""What it costs the fakes that ten people watch the workbench's page: the standard exchange without them and with them.

The watchers are pages in a real Chromium, in front of everybody: they do what the page does. The fakes have one core
for themselves; the client and the browser share the others, so that only the processor time of the fakes says what
watching costs. Each turn begins with an empty ledger and, with watchers, with pages that have just been opened.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any

from fakes.serving.process import Addresses, start_fakes
from loadtests.bench.servers.client import Connection
from loadtests.bench.servers.exchange import (
    CONNECTIONS,
    UNLIMITED,
    UNMATCHED,
    Work,
    exchange,
    first_broadcast,
    load,
)
from loadtests.bench.servers.processes import pinned, process_usage

WATCHERS = 10
SECONDS = 4.0
"""Of each turn."""
ROUNDS = 6
PACE = 100
"""Requests a second, when the fakes have time."""
SETTLING = 1.0
"""Seconds in which pages that were just opened read what there is."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip

Show = Callable[[bool], None]
"""Opens all pages, or closes them."""


@dataclass
class Turns:
    """What was measured in the turns of one kind: requests, seconds, and processor seconds of the fakes."""

    per_request: list[float] = field(default_factory=list)
    requests: int = 0
    wall: float = 0.0
    cpu: float = 0.0

    def add(self, requests: int, wall: float, cpu: float) -> None:
        """Add one turn. ValueError if it says nothing."""
        if not requests or not cpu:
            raise ValueError(f"{requests} requests took {cpu} processor seconds: nothing can be said of them")
        self.per_request.append(cpu / requests)
        self.requests, self.wall, self.cpu = self.requests + requests, self.wall + wall, self.cpu + cpu

    def figures(self) -> dict[str, float]:
        """The figures by name."""
        return {
            "requests_per_second": round(self.requests / self.wall),
            "cpu_us_per_request": round(self.cpu / self.requests * 1e6, 1),
            "percent_of_a_core": round(self.cpu / self.wall * 100, 1),
        }


def measure(seconds: float = SECONDS, rounds: int = ROUNDS, watchers: int = WATCHERS) -> dict[str, dict[str, float]]:
    """By pace and number of watchers the cost of a request. ValueError without a browser.

    `throughput_ratio` and `cpu_ratio` compare a turn with watchers and the turn before it without, at their median.
    """
    figures: dict[str, dict[str, float]] = {}
    with start_fakes(profile="26", arguments=("--page",)) as server, pinned(server.pid):
        with pages(f"{server.control}/page", watchers) as show:
            for pace in (None, PACE):
                figures |= _compared(server, show, pace, seconds, rounds, watchers)
    return figures


def _compared(
    server: Addresses, show: Show, pace: int | None, seconds: float, rounds: int, watchers: int
) -> dict[str, dict[str, float]]:
    alone, watched = Turns(), Turns()
    for _ in range(rounds):
        for turns in (alone, watched):
            _turn(server, show, turns is watched, turns, pace, seconds)
    name = "as fast as possible" if pace is None else f"{pace} requests a second"
    pairs = list(zip(alone.per_request, watched.per_request, strict=True))
    ratios = {
        "throughput_ratio": round(watched.requests / watched.wall * alone.wall / alone.requests, 3),
        "cpu_ratio": round(median(with_them / without for without, with_them in pairs), 3),
    }
    return {
        name: alone.figures(),
        f"{name}, {watchers} watchers": watched.figures(),
        f"{name}, compared": ratios,
    }


def _turn(server: Addresses, show: Show, watched: bool, turns: Turns, pace: int | None, seconds: float) -> None:
    with contextlib.closing(Connection(server.control)) as control:
        control.json("POST", "/reset")
        control.json("POST", "/faults", body=UNMATCHED)
        control.json("PUT", "/rapidpro/rates", body={"v2": UNLIMITED, "v2.messages": UNLIMITED})
    known = [first_broadcast(str(server.rapidpro), place) for place in range(CONNECTIONS)]
    work: Work = partial(exchange, known=known) if pace is None else partial(_paced, known=known, pace=pace)
    if watched:
        show(True)
    before = process_usage(server.pid).cpu_seconds
    latencies, wall = load(str(server.rapidpro), work, seconds, CONNECTIONS)
    turns.add(len(latencies), wall, process_usage(server.pid).cpu_seconds - before)
    if watched:
        show(False)


def _paced(url: str, position: int, end: float, latencies: list[float], *, known: Sequence[int], pace: int) -> None:
    """The same exchange, but not more than `pace` requests a second by all connections together."""
    pause = 2 * CONNECTIONS / pace
    due = time.monotonic() + position * pause / CONNECTIONS
    while due < end:
        time.sleep(max(0.0, due - time.monotonic()))
        exchange(url, position, time.monotonic() + 1e-4, latencies, known)
        due += pause


@contextlib.contextmanager
def pages(url: str, count: int) -> Iterator[Show]:
    """So many pages in a browser, each as if alone in front of somebody. ValueError without a browser."""
    path = next((found for found in map(shutil.which, BROWSERS) if found), None)
    try:
        from playwright.sync_api import sync_playwright  # of the development group: nothing else needs it
    except ImportError:
        path = None
    if path is None:
        raise ValueError(f"watchers need playwright (uv sync) and one of {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        tabs: list[Any] = [browser.new_context().new_page() for _ in range(count)]

        def show(wanted: bool) -> None:
            for tab in tabs:
                tab.goto(url if wanted else "about:blank")
            if wanted:
                for tab in tabs:
                    tab.get_by_text("Live", exact=True).wait_for()
                time.sleep(SETTLING)

        try:
            yield show
        finally:
            browser.close()
