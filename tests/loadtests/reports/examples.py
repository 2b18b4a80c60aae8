"""A load run written by hand, whose queues, ages and quota can be counted on fingers. Seconds are after the beginning.

CHT has three texts due; the last is on no phone. Two people text in; CHT is down when the second does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from conformance.history.model import (
    GATEWAY_PATH,
    Arrival,
    Call,
    History,
    IncomingText,
    Outcome,
    OutgoingText,
    StoredReport,
)
from conformance.verdicts import Verdict
from loadtests.gates import Figures, Limits
from loadtests.results import FaultBand, LoadRun, RequestSample, Watched
from loadtests.shapes.model import Outage, Shape, Traffic

BEGAN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
RELAY = {"authorization": "Token [hidden:rapidpro:relay]"}
GATEWAY = {"authorization": "Basic gateway:[hidden:cht:password of gateway]"}
SHAPE = Shape(
    "two_texts",
    "CHT has three texts due, two people text in, and CHT is down for three seconds",
    (Traffic("cht", 3), Traffic("people", 2)),
    outages=(Outage("cht", 4, 7),),
)
FIGURES = Figures(
    shape="two_texts", time="real", requests=5, failures=1, driver_requests=2, driver_failures=0, texts_in=2,
    texts_out=3, lost=1, duplicated=0, violations=1, not_drained=1, texts_per_second=0.5, texts_out_per_second=0.75,
    p50_ms=20.0, p95_ms=1234.5, p99_ms=1234.5, to_phone_p50_s=3.0, to_phone_p95_s=4.0, calls_per_text=1.667,
    seconds=10.0,
)  # fmt: skip


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def outgoing(number: int, since: float | None, **more: Any) -> OutgoingText:
    due = None if since is None else at(since)
    return OutgoingText(
        f"uuid-{number}", f"+25078840000{number}", f"out {number}", more.pop("state", "pending"), due, **more
    )


def arrival(number: int, seconds: float) -> Arrival:
    return Arrival(f"+25078840000{number}", f"out {number}", at(seconds))


def incoming(number: int, seconds: float, outcome: Outcome = Outcome.OK) -> IncomingText:
    return IncomingText(f"id-{number}", f"+25078830000{number}", f"in {number}", outcome, at(seconds))


def stored(number: int) -> StoredReport:
    return StoredReport(f"+25078830000{number}", f"in {number}", f"id-{number}")


def to_rapidpro(
    seconds: float, method: str = "POST", name: str = "broadcasts", status: int | None = 201, **more: Any
) -> Call:
    return Call(0, at(seconds), "rapidpro", "in", method, f"/api/v2/{name}.json", status, RELAY, **more)


def throttled(seconds: float, retry_after: int, **more: Any) -> Call:
    return to_rapidpro(seconds, status=429, reply_headers={"retry-after": str(retry_after)}, **more)


def to_cht(seconds: float, numbers: Sequence[int], status: int | None = 200, **more: Any) -> Call:
    rows = [{"id": f"id-{n}", "from": f"+25078830000{n}", "content": f"in {n}"} for n in numbers]
    body = json.dumps({"messages": rows, "updates": []})
    return Call(0, at(seconds), "cht", "in", "POST", GATEWAY_PATH, status, GATEWAY, body=body, **more)


def sample(seconds: float, ms: float, name: str = "webhook", *, ok: bool = True, driver: bool = False) -> RequestSample:
    return RequestSample(at(seconds), name, ms, ok, driver)


CALLS = (
    to_rapidpro(1),
    to_rapidpro(2),
    to_rapidpro(3, "GET", "messages", 200),
    throttled(3.5, 2),
    to_rapidpro(5.5),
    to_cht(2.5, [1]),
    to_cht(5, [2], 503, acted=False, fault="outage"),
    to_cht(7.2, [2]),
)
HISTORY = History(
    incoming_texts=(incoming(1, 2), incoming(2, 4), incoming(3, 6, Outcome.REFUSED)),
    reports=(stored(1), stored(2)),
    outgoing_texts=(outgoing(1, 0), outgoing(2, 1), outgoing(3, 2)),
    arrivals=(arrival(1, 3), arrival(2, 5)),
    calls=CALLS,
)
SAMPLES = (
    sample(2, 20),
    sample(4, 1234.5),
    sample(6, 15, ok=False),
    sample(0, 5, "CHT: a text is due", driver=True),
    sample(1, 6, "CHT: a text is due", driver=True),
)


def look(seconds: float, cpu: float, queue: int = 0) -> Watched:
    by_process = {"relay": cpu, "fakes": 0.25, "load generator": 0.1, "machine": 0.5}
    memory = {"relay": 60.0, "fakes": 80.5, "load generator": 70.0}
    return Watched(at(seconds), 0, 0, 0, 0, queue, by_process, memory, 12.5)


def run(**changes: Any) -> LoadRun:
    """The run, with changes."""
    values: dict[str, Any] = {
        "shape": SHAPE,
        "figures": FIGURES,
        "verdict": Verdict.FAILED,
        "reasons": ["lost: 'out 3' for +250788400003 never arrived"],
        "subject": "reference",
        "profile": "26",
        "seed": 7,
        "command": "relay-harness load two_texts --seed 7",
        "history": HISTORY,
        "exchanges": CALLS,
        "began": BEGAN,
        "ended_sending": at(6),
        "ended": at(10),
        "drained": False,
        "not_drained": {"texts from CHT that are pending": 1},
        "requests": SAMPLES,
        "faults": (FaultBand("cht", "outage", at(4), at(7)),),
        "rates": {"v2": "10/minute", "v2.messages": "5/second", "v2.runs": "5/hour"},
        "limits": Limits(p95_ms=1000, texts_per_second=0.25),
        "watched": (look(1, 0.9, 2), look(2, 0.5), look(6, 0.25)),
        "notes": ["the relay is what limits it"],
        "locust": {"locust.html": "<html>", "locust_stats.csv": "Name\n"},
    }
    return LoadRun(**{**values, **changes})
