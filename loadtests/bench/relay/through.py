"""The reference relay between both fakes, each in a process, over sockets.

Texts out per second, from pending in CHT to delivered and told there; then texts in per second on several connections;
what was lost or came twice, calls to RapidPro per text, and memory. Fakes, relay and texter share the machine.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from conformance.checks import judge
from conformance.checks.figures import calls_per_text
from conformance.history.model import History, IncomingText, Outcome
from conformance.history.observe import Exchanges, observe
from conformance.services.cht_client import ChtClient, message_document
from conformance.services.processes import FakeProcesses
from fakes.serving.own_python import own_command, own_environment
from loadtests.bench.relay.texter import PEOPLE, number, words
from loadtests.bench.servers.processes import process_usage

CONNECTIONS = (1, 8, 32, 100)
SECONDS, TEXTS_OUT = 5.0, 3000
"""So many texts out because the last states come with the next poll: two to three seconds, however fast the rest is."""
SLOW = 0.1
"""Seconds that RapidPro takes to answer a send over a long line. A tenth of the texts go out like this, too."""
SEND = {"method": "POST", "path": "/api/v2/broadcasts.json"}
UNLIMITED = "1000000000/hour"
WEBHOOK = "/api/v2/sms/rapidpro/incoming-messages"
PATIENCE = 120.0
"""Seconds without the end that is waited for; then what is missing counts as lost."""
CHECKS = ("reordered", "called_while_throttled")
"""What is not judged here: conduct, and the order in which a hundred people get their texts."""


def measure(
    seconds: float = SECONDS, connections: Sequence[int] = CONNECTIONS, texts_out: int = TEXTS_OUT
) -> dict[str, dict[str, float]]:
    """The figures of each direction and of all texts. Texts come in for so many seconds on each number of connections.

    Raises ValueError if the relay refuses a text.
    """
    services = FakeProcesses("26", 1)
    try:
        services.restore_defaults()
        services.control.put("/rapidpro/rates", {"v2": UNLIMITED, "v2.messages": UNLIMITED, "v2.broadcasts": UNLIMITED})
        with running_relay(services) as (url, pid):
            bench = Bench(services, url, pid)
            memory = process_usage(pid).rss_mib
            figures = {"out": bench.measure_out("out", texts_out)}
            services.control.plan_fault({"preset": "slow", "with": {"seconds": SLOW}, "match": SEND})
            figures[f"out, RapidPro takes {SLOW} s"] = bench.measure_out("slow", texts_out // 10)
            services.control.delete("/faults")
            for count in connections:
                figures[f"in, {count} at a time"] = bench.measure_in(count, seconds)
            after = process_usage(pid).rss_mib
            memories = {"memory_before_mib": round(memory, 1), "memory_after_mib": round(after, 1)}
            return {**figures, "all": bench.judged() | memories}
    finally:
        services.close()


@contextmanager
def running_relay(services: FakeProcesses) -> Iterator[tuple[str, int]]:
    """The relay between these services, with a database on disk: its address and its process id."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environment = {
            **own_environment(),
            **services.neighbours.environment(),
            "RELAY_LISTEN": "127.0.0.1:0",
            "RELAY_DATABASE": f"sqlite:///{folder}/relay.db",
            "RELAY_POLL_SECONDS": "1",
        }
        with (
            open(f"{folder}/log", "wb") as log,
            subprocess.Popen(own_command("relay"), env=environment, stdout=subprocess.PIPE, stderr=log) as process,
        ):
            assert process.stdout is not None
            try:
                yield json.loads(process.stdout.readline())["relay"], process.pid
            finally:
                process.terminate()


class Bench:
    """One relay that runs, and the texts that went through it."""

    def __init__(self, services: FakeProcesses, url: str, pid: int) -> None:
        self._services, self._url, self._pid = services, url, pid
        self._cht = ChtClient(services.session, services.cht_url, *services.cht_admin)
        self._texts_in: list[IncomingText] = []

    def measure_out(self, run: str, texts: int) -> dict[str, float]:
        """CHT has that many texts to send, all at once, to as many people as the texter knows."""
        now = datetime.now(UTC)
        docs = [message_document(f"{run}-{count}", [(number(count), f"Visit {count}")], now) for count in range(texts)]
        cpu, began = process_usage(self._pid).cpu_seconds, time.monotonic()
        self._cht.put_all(docs)
        self._wait(lambda: all(_state(doc) == "delivered" for doc in self._cht.documents() if doc.get("tasks")))
        wall = time.monotonic() - began
        return {
            "texts_per_second": round(texts / wall, 1),
            "cpu_ms_per_text": round((process_usage(self._pid).cpu_seconds - cpu) / texts * 1000, 2),
        }

    def measure_in(self, connections: int, seconds: float) -> dict[str, float]:
        """Texts on that many connections; `reached_cht_per_second` counts until the last of them is a report."""
        run, began = f"in-{connections}", time.monotonic()
        cpu = process_usage(self._pid).cpu_seconds
        arguments = [self._url + WEBHOOK, self._services.neighbours.incoming_token, run, str(connections), str(seconds)]
        command = own_command("loadtests.bench.relay.texter", *arguments)
        ended = subprocess.run(command, env=own_environment(), capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise ValueError(ended.stderr[-1000:])
        figures = json.loads(ended.stdout)
        at = datetime.now(UTC)
        for count in range(figures["texts"]):
            self._texts_in.append(IncomingText(f"{run}-{count}", number(count), words(count), Outcome.OK, at))
        self._wait(lambda: self._services.session.get(f"{self._url}/health").json()["queues"]["to_cht"] == 0)
        wall, texts = time.monotonic() - began, figures["texts"]
        return {
            "accepted_per_second": round(figures["per_second"]),
            "p99_ms": round(figures["p99_ms"], 1),
            "reached_cht_per_second": round(texts / wall),
            "cpu_ms_per_text": round((process_usage(self._pid).cpu_seconds - cpu) / texts * 1000, 2),
        }

    def judged(self) -> dict[str, float]:
        """What the checks of every scenario say of all these texts."""
        numbers = frozenset(number(count) for count in range(PEOPLE))
        calls = Exchanges(self._services.control, 0).all()
        history: History = observe(self._services.control, self._cht.documents(), numbers, self._texts_in, calls)
        violations = judge(history, without=CHECKS)
        return {
            "texts": len(self._texts_in) + len(history.outgoing_texts),
            "lost": sum("lost" in violation.kind for violation in violations),
            "twice": sum("duplicated" in violation.kind for violation in violations),
            "other_violations": sum(not violation.kind.endswith(("lost", "duplicated")) for violation in violations),
            "calls_per_text_out": round(calls_per_text(history), 3),
        }

    def _wait(self, condition: Any) -> None:
        end = time.monotonic() + PATIENCE
        while not condition() and time.monotonic() < end:
            time.sleep(0.5)


def _state(doc: Any) -> Any:
    return doc["tasks"][0]["state"]
