"""A relay that was written with care by others fails no "must", and only those "should"s that it does not meet."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from functools import partial

import pytest

from conformance.reports.report import Report
from conformance.requirements.catalogue import Level, load, select
from conformance.running.runner import conform
from conformance.running.worlds import InProcessWorlds
from conformance.subjects.in_process import Build
from conformance.verdicts import Verdict
from tests.broken.errors import GivesUpAt, SendsAgainAt, at
from tests.broken.pieces import Defect, Session
from tests.careful.choices import VARIANTS
from tests.careful.relays import AnswersWhenChtHasIt, Masks
from tests.careful.stranger import Stranger
from tests.folders import ROOT

IN_FULL = ("sends equal texts in one broadcast", "never says that a text is taken")
"""Variants that are judged by everything; the others only by what does not take long."""
LONG = frozenset({"IN-1", "OUT-1", "OUT-6", "OPS-2", "STATE-1", "QUOTA-3"})


def judged(build: Build, name: str, *, without: frozenset[str] = frozenset()) -> Report:
    report = conform(InProcessWorlds("26", 1, build, name), [one for one in load() if one.id not in without])
    assert report.broken == []
    return report


def missed(report: Report) -> tuple[set[str], dict[str, str]]:
    """The requirements that were not passed, and why."""
    failed = {one.id for one in report.requirements if report.verdict(one) is not Verdict.PASSED}
    return failed, {one.name: one.reason[:600] for one in report.results if one.verdict is not Verdict.PASSED}


@pytest.mark.parametrize("tries", [1, 3])
def test_a_relay_that_refuses_what_it_cannot_pass_on_and_speaks_french_is_not_blamed(tries: int) -> None:
    failed, reasons = missed(judged(partial(AnswersWhenChtHasIt, tries=tries), "answers when CHT has it"))
    assert failed == {"IN-10", "IN-13", "WHY-4"}, reasons


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_stranger_fails_no_must_whatever_it_chooses(variant: str) -> None:
    chosen = VARIANTS[variant]
    without = frozenset() if variant in IN_FULL else LONG
    failed, reasons = missed(judged(partial(Stranger, choices=chosen), variant, without=without))
    musts = {one.id for one in load() if one.level is Level.MUST}
    assert not failed & musts, reasons
    expected = {"QUOTA-3"}  # it asks for each broadcast
    expected |= set() if chosen.keeps else {"IN-10"}
    expected |= {"WHY-4"} if (chosen.stranger, chosen.incomplete) != (403, 400) else set()
    expected |= set() if chosen.acknowledges else {"OUT-6", "OPS-6"}
    assert expected - without <= failed, "the variant does not differ as it should"


def test_the_stranger_runs_as_a_process_too() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "conformance", "conform", "--only", "IN-2,OUT-3,CRASH-2", "--subject-url", url]
    command += ["--subject-command", f"{sys.executable} -m tests.careful"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "STRANGER": "keeps texts and answers 202"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_relay_that_looks_around_follows_redirects_and_masks_its_token_is_not_blamed_for_its_conduct() -> None:
    ids = ("IN-1", "OUT-1", "AUTH-2", "AUTH-5", "QUOTA-3", "QUOTA-5", "QUOTA-6", "OPS-4")
    report = conform(InProcessWorlds("26", 1, Masks, "masks"), select(load(), ids))
    assert (missed(report), report.broken) == ((set(), {}), [])


@pytest.mark.parametrize(
    "session",
    [
        pytest.param(at(GivesUpAt, 413), id="takes a 413 for a refusal"),
        pytest.param(at(SendsAgainAt, 408, 503), id="tries again after a 408 or 503"),
    ],
)
def test_a_relay_that_believes_a_status_fails_no_must(session: Session) -> None:
    worlds = InProcessWorlds("26", 1, Defect(session), "believes")
    report = conform(worlds, select(load(), ["OUT-9", "OUT-10"]))
    assert (missed(report), report.broken) == ((set(), {}), [])
