"""A run that is interrupted at any moment leaves a report of what was judged, and says what was not.

HARNESS_INTERRUPTIONS is how often this is tried, 3 by default.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from conformance.requirements.catalogue import load
from conformance.running.runner import Collector, scenarios
from tests.folders import ROOT
from tests.harness_command import harness

TIMES = int(os.environ.get("HARNESS_INTERRUPTIONS", "3"))
RUNS = {
    "in process": (),
    "over sockets": ("--http", "--jobs", "2", "--only", "IN-1", "--only", "OUT-1"),
    "side by side": ("--subject", "reference,cht-5.2", "--jobs", "2"),
}
LONGEST = 6.0
"""Real seconds after which it is interrupted, at most."""


def interrupted(folder: Path, arguments: tuple[str, ...], seconds: float, number: signal.Signals) -> tuple[int, str]:
    """Exit status and standard error of a run that gets a signal, as from a terminal, so long after its begin."""
    report = folder / "report"
    command = [sys.executable, "-m", "conformance", "conform", "--report-dir", str(report), *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        for _ in range(3000):
            if report.exists():
                break
            threading.Event().wait(0.01)
        threading.Event().wait(seconds)
        os.killpg(run.pid, number)
        _, said = run.communicate(timeout=60)
    assert has_gone(run.pid), "it left a process behind"
    return run.returncode, said


def has_gone(group: int) -> bool:
    """Whether no process of this group is left. Python's own helpers end a moment after the process that they help."""
    for _ in range(1000):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        threading.Event().wait(0.01)
    return False


def check(report: dict[str, Any], said: str, status: int) -> None:
    """Every scenario is in the report, and has a verdict or is called not judged."""
    rows = [row for one in report["requirements"] for row in one["scenarios"]]
    selected = {one["id"] for one in report["requirements"]}
    planned = sum(len(selected & set(entry.requirements)) for entry in scenarios())
    missing = [row for row in rows if row["reason"] == "not judged: interrupted"]
    assert len(rows) >= planned
    assert all(row["verdict"] == "unknown" for row in missing)
    if report["ended_early"] is None:
        assert not missing
        return
    assert report["ended_early"] == "interrupted"
    assert missing
    assert "interrupted" in said
    failed = any(row["verdict"] == "failed" for row in rows)
    assert failed or status == 2


@pytest.mark.parametrize("number", range(TIMES))
def test_an_interruption_at_any_moment_leaves_a_valid_report(number: int, tmp_path: Path) -> None:
    rng = random.Random(number)
    name = list(RUNS)[number % len(RUNS)]
    how = rng.choice([signal.SIGINT, signal.SIGTERM])
    status, said = interrupted(tmp_path, RUNS[name], rng.uniform(0, LONGEST), how)
    assert "Traceback" not in said
    found = list((tmp_path / "report").rglob("report.json"))
    assert len(found) == (2 if name == "side by side" else 1), (name, said)
    for path in found:
        check(json.loads(path.read_text("utf-8")), said, status if len(found) == 1 else 2)


def test_an_interruption_while_the_scenarios_are_read_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Later signals are ignored: a run that lost the first would go on to its end, deaf to all others."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Collector, "pytest_collection_modifyitems", interrupt)
    with pytest.raises(KeyboardInterrupt):
        scenarios()


def test_a_time_limit_ends_a_run_with_status_2_and_a_report_of_what_was_judged(tmp_path: Path) -> None:
    done = harness("conform", "--http", "--jobs", "1", "--time-limit", "4", "--report-dir", str(tmp_path), "--quiet")
    assert done.returncode == 2
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["ended_early"] == "time limit"
    assert len(report["requirements"]) == len(load())
    verdicts = [row["verdict"] for one in report["requirements"] for row in one["scenarios"]]
    assert "failed" not in verdicts
    assert "time limit" in done.stderr
    assert len(done.stderr.splitlines()) == 1, "--quiet leaves only what must be known"


def test_fail_fast_ends_a_run_after_the_first_failure_and_says_what_was_not_judged(tmp_path: Path) -> None:
    done = harness(
        *("conform", "--subject", "cht-5.2", "--only", "out-8,out-9", "--fail-fast", "--report-dir", str(tmp_path))
    )
    assert done.returncode == 1
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    verdicts = [row["verdict"] for one in report["requirements"] for row in one["scenarios"]]
    assert verdicts.count("failed") == 1
    assert verdicts.count("unknown") > 1
    assert report["ended_early"] == "a scenario failed"
