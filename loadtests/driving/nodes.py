"""The roles of Locust's processes: alone, master, worker. The master hands out the texts, so that none is made twice.

Messages between machines are Locust's custom messages, by names of our own: `load_hello` (a worker is there),
`load_work`, `load_prepared`, `load_begin`, `load_sent` (texts that were sent, in batches), `load_stop`, `load_stopped`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import gevent
from locust.env import Environment
from locust.html import get_html_report
from locust.stats import PERCENTILES_TO_REPORT, StatsCSV, stats_history

from loadtests.driving.actors import Assignment, Sender
from loadtests.driving.work import SENDERS, Sent, Work

LOOK_AGAIN = 0.02
REPORT_EVERY = 0.2
"""Seconds between two reports of a worker to its master."""
STATS_SECONDS = 5.0
"""How long to wait for the workers' last figures for Locust's own reports."""
PAGE_SECONDS = 10.0
"""How long Locust's live page may take to be there."""
Tell = Callable[..., None]


class Node:
    """What all roles share: settings, Locust's environment, and how to report."""

    def __init__(self, settings: Mapping[str, Any], tell: Tell) -> None:
        self.settings = settings
        self.tell = tell
        self.stopped = False
        self.senders: type[Sender] = type("Sender", (Sender,), {"host": "http://127.0.0.1"})
        self.environment = Environment(user_classes=[self.senders], catch_exceptions=True)
        self._stop: Callable[[], None] = lambda: None

    def on_stop(self, stop: Callable[[], None]) -> None:
        """What to do when sending is to end."""
        self._stop = stop
        if self.stopped:
            stop()

    def stop(self) -> None:
        """Send nothing more."""
        self.stopped = True
        self._stop()

    def show(self, runner: Any) -> None:
        """Keep figures over time for Locust's reports, and open its live page if that is wanted."""
        gevent.spawn(stats_history, runner)
        port = self.settings.get("web_port")
        if port is not None:
            page = self.environment.create_web_ui("127.0.0.1", port)
            until(lambda: page.server is not None and page.server.started, PAGE_SECONDS)
            there = page.server is not None and page.server.started
            told = {"url": f"http://127.0.0.1:{port}"} if there else {"why": f"port {port} for Locust's page is in use"}
            self.tell("web" if there else "failed", **told)

    def finish(self) -> None:
        """Report that all is sent, with Locust's own reports if they are wanted."""
        reports = {}
        if self.settings.get("reports"):
            text = io.StringIO()
            StatsCSV(self.environment, PERCENTILES_TO_REPORT).requests_csv(csv.writer(text))
            html = get_html_report(self.environment, show_download_link=False)  # type: ignore[no-untyped-call]
            reports = {"locust.html": html, "locust_stats.csv": text.getvalue()}
        self.tell("done", reports=reports)


def local(node: Node) -> None:
    """Send all texts from this process."""
    work = Work.from_json(node.settings["work"])
    assignment = Assignment(work, lambda sent: node.tell("sent", texts=[asdict(sent)]))
    node.senders.assignment = assignment
    runner = node.environment.create_local_runner()
    node.show(runner)
    node.on_stop(assignment.stop)
    count = min(SENDERS, assignment.left)
    if count:
        runner.start(count, spawn_rate=count)
        until(lambda: runner.user_count >= count)
    began = datetime.now(UTC)
    assignment.begin(began)
    node.tell("began", at=began.isoformat())
    until(lambda: assignment.left <= 0)
    node.finish()


def master(node: Node) -> None:
    """Hand out the texts to workers, and gather what they report."""
    settings = node.settings
    wanted, told = int(settings["workers"]), {"texts": 0, "sent": 0}
    there: list[str] = []
    prepared: list[int] = []
    runner = node.environment.create_master_runner(settings["bind_host"], settings["bind_port"])

    def sent(msg: Any, **_: Any) -> None:
        told["sent"] += len(msg.data["texts"])
        node.tell("sent", texts=msg.data["texts"])

    runner.register_message("load_hello", lambda msg, **_: there.append(msg.node_id))
    runner.register_message("load_prepared", lambda msg, **_: prepared.append(msg.data["texts"]))
    runner.register_message("load_stopped", lambda msg, **_: told.update(texts=told["texts"] - msg.data["texts"]))
    runner.register_message("load_sent", sent)
    node.show(runner)
    node.tell("waiting", port=settings["bind_port"])
    until(lambda: len(there) >= wanted)
    workers = there[:wanted]
    work = Work.from_json(settings["work"])
    for number, worker_id in enumerate(workers):
        runner.send_message("load_work", work.of(number, wanted).as_json(), worker_id)
    until(lambda: len(prepared) >= wanted)
    told["texts"] += sum(prepared)
    if told["texts"]:
        count = min(SENDERS, max(prepared)) * wanted
        runner.start(count, spawn_rate=count)
        until(lambda: runner.user_count >= count)
    began = datetime.now(UTC)
    runner.send_message("load_begin", {"at": began.isoformat()})
    node.tell("began", at=began.isoformat())
    node.on_stop(lambda: runner.send_message("load_stop"))
    while told["sent"] < told["texts"]:
        gone = [one for one in workers if one not in runner.clients or runner.clients[one].state == "missing"]
        if gone:
            node.tell("failed", why=f"{len(gone)} of {wanted} workers ended before their texts were sent")
            return
        gevent.sleep(LOOK_AGAIN)
    runner.stop()
    until(lambda: runner.stats.total.num_requests >= told["sent"], STATS_SECONDS)
    node.finish()
    runner.quit()


def worker(node: Node) -> None:
    """Send the texts that a master hands out, and report to it."""
    held: list[Sent] = []
    runner = node.environment.create_worker_runner(node.settings["master_host"], node.settings["master_port"])

    def work(msg: Any, **_: Any) -> None:
        assignment = node.senders.assignment = Assignment(Work.from_json(msg.data), held.append)
        runner.send_message("load_prepared", {"texts": assignment.left})

    def begin(msg: Any, **_: Any) -> None:
        node.senders.assignment.begin(datetime.fromisoformat(msg.data["at"]))

    def stop(msg: Any, **_: Any) -> None:  # noqa: ARG001 - Locust's signature
        before = node.senders.assignment.left
        node.senders.assignment.stop()
        runner.send_message("load_stopped", {"texts": before - node.senders.assignment.left})

    runner.register_message("load_work", work, concurrent=True)
    runner.register_message("load_begin", begin)
    runner.register_message("load_stop", stop)
    node.tell("connected")
    runner.send_message("load_hello", {})
    while len(runner.greenlet):  # until the master says that it is over
        gevent.sleep(REPORT_EVERY)
        if held:
            batch, held[:] = list(held), []
            runner.send_message("load_sent", {"texts": [asdict(one) for one in batch]})


def until(holds: Callable[[], bool], seconds: float | None = None) -> None:
    """Wait until it holds, at most so many seconds. The process that started this one has a limit of its own."""
    with gevent.Timeout(seconds, False):
        while not holds():
            gevent.sleep(LOOK_AGAIN)
