"""One load run: start services and subject, run the shape with Locust, wait until all is quiet, judge by the ledger."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from conformance.checks import Violation, judge
from conformance.checks.figures import calls_per_text, seconds_to_phone
from conformance.history.model import History, IncomingText, Outcome
from conformance.history.observe import Exchanges, observe
from conformance.services.cht_client import ChtClient
from conformance.services.processes import FakeProcesses
from conformance.subjects.base import Subject
from conformance.verdicts import HarnessBroken, Verdict
from fakes.serving.own_python import own_command, own_environment
from loadtests.gates import Figures, percentile, verdict
from loadtests.shapes import Shape

SETTLE_SECONDS = 45.0
"""Real seconds without progress after which a run counts as settled: a relay rarely asks for old states."""


@dataclass(frozen=True, slots=True)
class LoadResult:
    """Figures, verdict and reasons of one run; `locust` holds Locust's own figures by name."""

    figures: Figures
    verdict: Verdict
    reasons: Sequence[str]
    locust: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {**self.figures.as_json(self.verdict, self.reasons), "requests_by_name": self.locust["by_name"]}


def run(
    shape: Shape,
    subject: Subject,
    *,
    profile: str,
    seed: int,
    p95_limit_ms: float | None = None,
    progress: Callable[[str], None] = lambda _line: None,
) -> LoadResult:
    """Run `shape` against `subject`. Raises HarnessBroken if the services or Locust do not work."""
    services = FakeProcesses(profile, seed)
    try:
        services.restore_defaults()
        subject.start(services.neighbours)
        services.control.put("/rapidpro/webhook", {"url": subject.webhook_url(), "token": subject.webhook_token()})
        with tempfile.TemporaryDirectory(prefix="load-") as folder:
            record = Path(folder) / "record.jsonl"
            progress(f"{shape.name}: {shape.texts_in} texts in, {shape.texts_out} texts out")
            began = time.monotonic()
            locust = run_locust(shape, services, record, seed)
            rows = [json.loads(line) for line in record.read_text("utf-8").splitlines()]
        progress("waiting until it is quiet")
        history = wait_until_settled(services, rows)
        return judge_load(shape, locust, history, time.monotonic() - began, p95_limit_ms)
    finally:
        subject.stop()
        services.close()


def run_locust(shape: Shape, services: FakeProcesses, record: Path, seed: int) -> dict[str, Any]:
    """Run Locust in a process of its own and return its figures."""
    settings = {
        "shape": asdict(shape),
        "control": services.control.url,
        "cht": services.cht_url,
        "admin": services.cht_admin,
        "record": str(record),
        "seed": seed,
    }
    process = subprocess.run(
        own_command("loadtests.locust_process"),
        env=own_environment(),
        input=json.dumps(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode != 0:
        raise HarnessBroken(f"Locust ended with status {process.returncode}: {process.stderr[-1500:]}")
    figures: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return figures


def wait_until_settled(services: FakeProcesses, rows: Sequence[dict[str, Any]]) -> History:
    """The history once every text is final, or nothing changes any more."""
    texts_in = [
        IncomingText(
            str(row["id"]),
            row["number"],
            row["text"],
            Outcome.of_status(row["status"] or 0),
            datetime.fromisoformat(row["at"]),
        )
        for row in rows
        if row["kind"] == "in"
    ]
    numbers = frozenset(row["number"] for row in rows)
    cht = ChtClient(services.session, services.cht_url, *services.cht_admin)
    exchanges = Exchanges(services.control, 0)
    last_snapshot: object = None
    since = time.monotonic()
    while True:
        history = observe(services.control, cht.documents(), numbers, texts_in, exchanges.all())
        snapshot = (history.reports, history.outgoing_texts, history.arrivals)
        if snapshot != last_snapshot:
            last_snapshot, since = snapshot, time.monotonic()
        final = all(due.state in ("delivered", "failed") for due in history.outgoing_texts) and not judge(history)
        if final or time.monotonic() - since > SETTLE_SECONDS:
            return history
        time.sleep(0.5)


def judge_load(
    shape: Shape, locust: dict[str, Any], history: History, seconds: float, p95_limit_ms: float | None
) -> LoadResult:
    """The figures and the verdict of a finished run."""
    violations = judge(history, without=("reordered",))  # on such a morning, people get their reminders in any order
    to_phone = seconds_to_phone(history)
    texts = len(history.incoming_texts) + len(history.outgoing_texts)
    figures = Figures(
        shape=shape.name,
        requests=locust["requests"],
        failures=locust["failures"],
        texts_in=len(history.incoming_texts),
        texts_out=len(history.outgoing_texts),
        lost=count(violations, "lost"),
        duplicated=count(violations, "duplicated"),
        violations=len(violations),
        texts_per_second=round(texts / seconds, 1) if seconds else 0.0,
        p50_ms=locust["p50_ms"],
        p95_ms=locust["p95_ms"],
        p99_ms=locust["p99_ms"],
        to_phone_p50_s=round(percentile(to_phone, 0.5), 2),
        to_phone_p95_s=round(percentile(to_phone, 0.95), 2),
        calls_per_text=round(calls_per_text(history), 3),
        seconds=round(seconds, 2),
    )
    result, reasons = verdict(figures, violations, p95_limit_ms)
    return LoadResult(figures, result, reasons, locust)


def count(violations: Sequence[Violation], kind: str) -> int:
    """The number of violations of one kind."""
    return sum(violation.kind == kind for violation in violations)
