"""Several subjects are judged at the same time, with the result that each would have alone."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from functools import partial
from pathlib import Path
from threading import Event, Timer

import pytest

from conformance.interruptions import unwind_on_signals
from conformance.reports.report import Report
from conformance.requirements.catalogue import load, select
from conformance.running.runner import conform
from conformance.running.side_by_side import side_by_side
from conformance.running.worlds import BuiltInWorlds
from conformance.subjects.built_in import named
from conformance.verdicts import HarnessBroken
from tests.harness_command import harness


def judged(folder: Path, name: str) -> Report:
    """The report of `name`. The first subject waits for the second, which only works at the same time."""
    (folder / name).write_text("begun", "utf-8")
    while not (folder / "second").exists():
        Event().wait(0.01)
    return Report({"name": name}, "26", ())


def broken(_name: str) -> Report:
    raise HarnessBroken("the subject cannot be judged at all")


def endless(_name: str) -> Report:
    Event().wait(600)
    return Report({}, "26", ())


def test_reports_come_in_the_order_of_the_subjects_and_each_is_announced(tmp_path: Path) -> None:
    done: list[str] = []
    reports = side_by_side(
        partial(judged, tmp_path), ["first", "second"], lambda one: done.append(one.subject["name"]), workers=2
    )
    assert [one.subject["name"] for one in reports] == ["first", "second"]
    assert sorted(done) == ["first", "second"]
    assert not multiprocessing.active_children()


def test_what_breaks_in_another_process_is_raised_here_and_leaves_no_process() -> None:
    with pytest.raises(HarnessBroken, match="the subject cannot be judged at all"):
        side_by_side(broken, ["x", "y"], lambda _report: None, workers=2)
    assert not multiprocessing.active_children()


def test_an_interruption_does_not_wait_for_the_other_processes() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    unwind_on_signals()
    began = time.monotonic()
    Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            side_by_side(endless, ["x", "y"], lambda _report: None, workers=2)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert time.monotonic() - began < 60
    assert not multiprocessing.active_children()


def test_side_by_side_each_subject_gets_the_results_that_it_gets_alone() -> None:
    done = harness("conform", "--subject", "cht-5.2,reference", "--only", "OUT-6", "--json")
    reports = json.loads(done.stdout)["reports"]
    assert [one["subject"]["name"] for one in reports] == ["cht-5.2", "reference"]
    for report in reports:
        name, (required,) = report["subject"]["name"], report["requirements"]
        alone = conform(BuiltInWorlds("26", 1, named(name)), select(load(), ["OUT-6"]))
        assert [(row["name"], row["verdict"], row["reason"]) for row in required["scenarios"]] == [
            (one.name, one.verdict.value, one.reason) for one in alone.results
        ]
        assert all(f"--subject {name}" in row["repeat"] for row in required["scenarios"] if row["verdict"] == "failed")
