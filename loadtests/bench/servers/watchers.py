"""What it costs the fakes that ten people watch the workbench's page: the standard exchange without them and with them.

The watchers are pages in a real Chromium, each as if alone in front of somebody: they do what the page does. The fakes
have one core for themselves; the client and the browser share the others, so that the client, which the browser slows,
may send less. What watching costs is the processor time of the fakes. Each turn begins with an empty ledger and, with
watchers, with pages that have just been opened.
"""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from statistics import median

from fakes.serving.process import Addresses, start_fakes
from loadtests.bench.servers.client import Connection
from loadtests.bench.servers.exchange import (
    CONNECTIONS,
    UNLIMITED,
    UNMATCHED,
    exchange,
    first_broadcast,
    load,
)
from loadtests.bench.servers.processes import pinned, process_usage

WATCHERS = 10
SECONDS = 4.0
"""Of each turn."""
ROUNDS = 3
PACE = 100
"""Requests a second, when the fakes have time."""
SETTLING = 1.0
"""Seconds in which pages that were just opened read what there is."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip

Show = Callable[[], contextlib.AbstractContextManager[None]]
"""All pages are open in its `with` block."""


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
    """By pace the cost of a request without and with watchers, and both compared. ValueError without a browser."""
    figures: dict[str, dict[str, float]] = {}
    with (
        start_fakes(profile="26", arguments=("--page",)) as server,
        pinned(server.pid),
        pages(f"{server.control}/page", watchers) as show,
    ):
        for name, pace in (("as fast as possible", None), (f"{PACE} requests a second", PACE)):
            alone, watched = Turns(), Turns()
            for _ in range(rounds):  # in turns, so that a temporarily slow machine is slow for both
                _turn(server, None, alone, pace, seconds)
                _turn(server, show, watched, pace, seconds)
            figures[name] = alone.figures()
            figures[f"{name}, {watchers} watchers"] = watched.figures()
            figures[f"{name}, compared"] = compared(alone, watched)
    return figures


def compared(alone: Turns, watched: Turns) -> dict[str, float]:
    """Requests a second and processor time a request of `watched` relative to `alone`; what watching takes of a core.

    The ratio of processor time is the median of those of a turn with watchers and the turn before it.
    """
    pairs = zip(alone.per_request, watched.per_request, strict=True)
    more = watched.cpu - watched.requests * alone.cpu / alone.requests
    return {
        "throughput_ratio": round(watched.requests / watched.wall * alone.wall / alone.requests, 3),
        "cpu_ratio": round(median(with_them / without for without, with_them in pairs), 3),
        "watching_percent_of_a_core": round(more / watched.wall * 100, 2),
    }


def _turn(server: Addresses, show: Show | None, turns: Turns, pace: int | None, seconds: float) -> None:
    with contextlib.closing(Connection(server.control)) as control:
        control.json("POST", "/reset")
        control.json("POST", "/faults", body=UNMATCHED)
        control.json("PUT", "/rapidpro/rates", body={"v2": UNLIMITED, "v2.messages": UNLIMITED})
    known = [first_broadcast(str(server.rapidpro), place) for place in range(CONNECTIONS)]
    work = partial(exchange, known=known, pause=0.0 if pace is None else 2 * CONNECTIONS / pace)
    with contextlib.nullcontext() if show is None else show():
        before = process_usage(server.pid).cpu_seconds
        latencies, wall = load(str(server.rapidpro), work, seconds, CONNECTIONS)
        turns.add(len(latencies), wall, process_usage(server.pid).cpu_seconds - before)


def browser_path() -> str | None:
    """The program of an installed browser; None if there is none, or nothing here to drive it."""
    if importlib.util.find_spec("playwright") is None:  # of the development group: nothing else needs it
        return None
    return next((found for found in map(shutil.which, BROWSERS) if found), None)


@contextlib.contextmanager
def pages(url: str, count: int) -> Iterator[Show]:
    """So many empty pages in a browser, which show `url` while somebody watches. ValueError if that is not possible."""
    path = browser_path()
    if path is None:
        raise ValueError(f"watchers need the development group (uv sync) and one of {', '.join(BROWSERS)}")
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        tabs = [browser.new_context().new_page() for _ in range(count)]

        @contextlib.contextmanager
        def show() -> Iterator[None]:
            for tab in tabs:
                tab.goto(url)
            for tab in tabs:
                tab.get_by_text("Live", exact=True).wait_for()
            time.sleep(SETTLING)
            yield
            for tab in tabs:
                tab.goto("about:blank")

        try:
            yield show
        except Error as failure:
            raise ValueError(f"the browser failed: {failure}") from None
        finally:
            browser.close()
