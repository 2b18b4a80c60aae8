"""The conformance suite against the reference relay, and simulation, each as the command that people run."""

from __future__ import annotations

import json
import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from fakes.serving.own_python import own_command, own_environment

RUNS = 300


def measure_suite(only: Sequence[str] = ()) -> dict[str, dict[str, float]]:
    """Seconds of `relay-harness conform`, from its start to its end, and scenarios a second. `only`: requirements."""
    chosen = ["--only", ",".join(only)] if only else []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        began, worked = time.monotonic(), _cpu_seconds()
        _run(Path(folder), "conform", "--quiet", "--report-dir", "report", *chosen)
        seconds, cpu = time.monotonic() - began, _cpu_seconds() - worked
        report = json.loads(Path(folder, "report", "report.json").read_text("utf-8"))
    scenarios = len({one["name"] for requirement in report["requirements"] for one in requirement["scenarios"]})
    return {
        "reference relay": {
            "scenarios": scenarios,
            "seconds": round(seconds, 2),
            "scenarios_per_second": round(scenarios / seconds, 1),
            "cpu_seconds": round(cpu, 2),
        }
    }


def measure_simulation(runs: int = RUNS) -> dict[str, dict[str, float]]:
    """Runs a minute of `relay-harness simulate`, one process a core."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        worked = _cpu_seconds()
        found = json.loads(_run(Path(folder), "simulate", "--runs", str(runs), "--json"))
        cpu = _cpu_seconds() - worked
    return {
        "reference relay": {
            "runs": found["runs"],
            "failing": len(found["failing_seeds"]),
            "runs_per_minute": round(found["runs"] / found["wall_seconds"] * 60),
            "runs_per_cpu_minute": round(found["runs"] / cpu * 60),
            "virtual_hours": round(found["virtual_seconds"] / 3600),
        }
    }


def _run(folder: Path, *arguments: str) -> str:
    """What the command prints, run in an empty folder. Raises ValueError unless it judged something."""
    command = own_command("conformance", *arguments)
    done = subprocess.run(command, cwd=folder, env=own_environment(), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise ValueError(f"relay-harness {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-1000:]}")
    return done.stdout


def _cpu_seconds() -> float:
    """Of all processes that this one has started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
