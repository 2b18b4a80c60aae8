"""What is taken away from a workbench: a test that runs as it is, and a report with the ladder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conformance.workbench.export.pytest_test import NotAsTest, pytest_test
from conformance.workbench.session.session import Session
from tests.conformance.workbench.benches import AMINA, GRACE, Hand, bench
from tests.fakes.rapidpro.flow_bundles import flow, say

ROOT = Path(__file__).parents[3]


def everything(hand: Hand) -> None:
    """One of each kind of action."""
    hand.ask("PUT", f"/rapidpro/phones/{AMINA}", {"name": "Amina"})
    hand.ask("POST", "/rapidpro/flows", {"version": "13", "flows": [flow("Hello", say("hello", "Hello {cht}"))]})
    hand.text(AMINA, 'TEMP 38.5 "quoted" \\ 🤒')
    hand.ask("POST", f"/rapidpro/phones/{AMINA}/texts", {"again": True})
    hand.step(61)
    hand.ask("POST", "/faults", {"preset": "throttled", "times": 1})
    hand.due(AMINA, "Come on Monday")
    hand.due(GRACE, "Later", "2026-03-02T10:00:00Z")
    hand.step(600)
    hand.ask("DELETE", "/faults")
    hand.ask("PUT", "/rapidpro/webhook", {"url": hand.bench.relay})
    hand.step(3 * 3600)


def test_the_exported_test_runs_as_it_is_and_fails_if_something_else_comes_of_it(tmp_path: Path) -> None:
    with bench() as hand:
        everything(hand)
        reply = hand.reply("POST", "/session/export", {"as": "pytest"})
    assert reply.header("Content-Disposition") == 'attachment; filename="test_session.py"'
    source = reply.body.decode()
    (tmp_path / "test_session.py").write_text(source, "utf-8")
    other = source.replace("assert 'Come on Monday'", "assert 'Come on Tuesday'")
    (tmp_path / "test_other.py").write_text(other, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert "1 failed, 1 passed" in done.stdout, f"{source}\n{done.stdout}{done.stderr}"
    assert "FAILED test_other.py::test_session - AssertionError: assert 'Come on Tuesday'" in done.stdout


def test_the_report_shows_the_ladder_and_what_is_wrong() -> None:
    with bench() as hand:
        hand.due(AMINA, "Come on Monday")
        reply = hand.reply("POST", "/session/export", {"as": "report"})
        assert b"Come on Monday" in reply.body
        assert "was due once, never arrived" in reply.body.decode()
        hand.step(600)
        later = hand.reply("POST", "/session/export", {"as": "report"})
    assert later.header("Content-Type") == "text/html; charset=utf-8"
    assert "never arrived" not in later.body.decode()
    assert "relay-harness replay session.json" in later.body.decode()


def test_nothing_is_no_test() -> None:
    with bench() as hand:
        hand.step(60)
        session = Session.from_json(hand.ask("GET", "/session"))
    with pytest.raises(NotAsTest, match="nothing was done"):
        pytest_test(session)
