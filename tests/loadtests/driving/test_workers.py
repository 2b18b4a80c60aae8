"""Locust's master and workers: every text is sent exactly once, and the ledger has all of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conformance.cli.options.subject import SubjectOptions
from conformance.subjects.external import free_port
from conformance.verdicts import HarnessBroken, Verdict
from loadtests.driving.driver import Crew, Driver, join
from loadtests.driving.work import Work
from loadtests.options import LoadOptions, run
from loadtests.shapes.reading import built_in
from tests.folders import ROOT

REFERENCE = SubjectOptions(http=True, url=None, command=None, profile="26", seed=1, poll_seconds=None)
WORK = Work(built_in()["campaign_spike"].with_texts(4).within(30).as_json(), 1, "", "http://127.0.0.1:9", ("a", "b"),
            "http://127.0.0.1:9", "t", run="12345678-1234-4234-8234-123456789012")  # fmt: skip


def test_two_workers_on_this_machine_send_every_text_exactly_once() -> None:
    found = run(LoadOptions("campaign_spike", texts=60, seconds=3, processes=2), REFERENCE, lambda _: None)
    assert (found.verdict, found.reasons) == (Verdict.PASSED, [])
    assert found.figures.requests == found.figures.texts_in + found.figures.texts_out
    ids = Counter(text.id for text in found.history.incoming_texts)
    assert len(ids) == found.shape.texts_in
    assert set(ids.values()) == {1}
    stored = Counter(report.ref for report in found.history.reports)
    assert stored == ids  # what CHT has, and what the relay was given
    assert len(found.history.arrivals) >= found.shape.texts_out - 1  # of the hard texts, one may be refused
    assert {name for name in found.watched[-1].cpu if name.startswith("load")} == {
        "load generator 1", "load generator 2", "load generator 3",
    }  # fmt: skip


def test_a_text_that_a_fake_refuses_is_told_as_such_and_not_as_the_relays_failure() -> None:
    shape = built_in()["steady_day"].with_texts(3).within(0.5)

    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:  # it has no route for POST or PUT
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        work = replace(WORK, shape=shape.as_json(), control=address, cht=address)
        with Driver(work, Crew(), lambda _: None) as driver:
            driver.start()
            assert driver.follow(30)
            sent = driver.sent
        server.shutdown()
    assert {(one.who, one.broken) for one in sent} == {("people", "the fake RapidPro answered 501"), ("cht", "")}
    assert [one.status for one in sent if one.who == "cht"] == [501] * 3


def test_a_master_waits_for_a_worker_that_comes_by_itself() -> None:
    port = str(free_port())
    command = [sys.executable, "-m", "conformance", "load"]
    master = [*command, "campaign_spike", "--texts", "20", "--seconds", "1", "--master", "--expect-workers", "1"]
    with subprocess.Popen(
        [*master, "--master-port", port, "--json"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        worker = subprocess.Popen(
            [*command, "--worker", "--master-port", port], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        output, errors = process.communicate(timeout=120)
        said = worker.communicate(timeout=60)[1]
    assert process.returncode == 0, output + errors
    assert json.loads(output)["verdict"] == "passed"
    assert f"waiting at 127.0.0.1:{port}; workers that are to come: 1" in errors
    assert worker.returncode == 0, said
    assert f"connected to 127.0.0.1:{port}" in said


def test_workers_that_do_not_come_are_told_as_such() -> None:
    crew = Crew(expected=2, bind_port=free_port(), wait_seconds=1.5)
    with (
        Driver(WORK, crew, lambda _: None) as driver,
        pytest.raises(HarnessBroken, match="2 workers did not begin within"),
    ):
        driver.start()


def test_a_worker_that_dies_is_missed() -> None:
    with Driver(WORK, Crew(processes=2), lambda _: None) as driver:
        driver.start()
        os.kill(driver.pids[-1], signal.SIGKILL)
        with pytest.raises(HarnessBroken, match="a Locust process ended early"):
            driver.follow(30)


@pytest.mark.parametrize("host", ["nowhere.invalid", "", "a..b"])
def test_a_worker_whose_master_cannot_be_found_says_so_at_once(host: str) -> None:
    with pytest.raises(HarnessBroken, match=rf"no master can be found at '{host}': "):
        join(host, 5557, lambda _: None)
