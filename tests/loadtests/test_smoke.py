"""Every shape over real sockets, in seconds: the reference relay passes, and failures are seen."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace

import pytest
import requests

from conformance.cli.options.subject import SubjectOptions
from conformance.subjects.external import free_port
from conformance.verdicts import Verdict
from fakes.serving.process import start_fakes
from loadtests.cli import as_document
from loadtests.gates import Limits
from loadtests.options import LoadOptions, run
from loadtests.results import LoadRun
from tests.folders import ROOT

REFERENCE = SubjectOptions(http=True, url=None, command=None, profile="26", seed=1, poll_seconds=None)


def load(options: LoadOptions, subject: SubjectOptions = REFERENCE) -> LoadRun:
    return run(options, subject, lambda _: None)


def test_a_day_loses_nothing_over_sockets_and_locusts_live_page_shows_it() -> None:
    pages: list[str] = []

    def look(sentence: str) -> None:
        if "live page: " in sentence:
            pages.append(requests.get(sentence.rpartition(" ")[2], timeout=10).text)

    found = run(LoadOptions("steady_day", texts=40, seconds=3, web_port=free_port()), REFERENCE, look, reports=True)
    assert (found.verdict, found.reasons) == (Verdict.PASSED, [])
    assert (found.time, found.drained) == ("real", True)
    figures = found.figures
    assert (figures.lost, figures.duplicated, figures.failures) == (0, 0, 0)
    assert (figures.answered, figures.driver_requests) == (figures.texts_in, figures.texts_out) == (40, 40)
    assert figures.p50_ms is not None
    assert figures.p50_ms > 0
    assert "<title>Locust" in pages[0]
    assert set(found.locust) == {"locust.html", "locust_stats.csv"}
    assert "a person texts in by RapidPro" in found.locust["locust_stats.csv"]


def test_a_morning_is_judged_by_its_limits_and_its_documents_were_there_before() -> None:
    limits = Limits(p95_ms=0.01, p99_ms=1e6, texts_out_per_second=1e6)
    found = load(LoadOptions("reminder_morning", texts=120, seconds=3, limits=limits))
    assert found.verdict is Verdict.FAILED
    assert len([one for one in found.requests if one.driver]) == 2  # one for all documents, one that makes them due
    assert {text.states[0][0] for text in found.history.outgoing_texts} == {"scheduled"}
    p95, out, p99 = found.reasons
    assert "the limit is 0.01 ms" in p95
    assert "at least 1e+06 is wanted" in out
    assert "it needs 500 requests that the relay answered, there were 120" in p99
    assert [one.at for one in found.watched] == sorted(one.at for one in found.watched)
    assert found.watched[-1].cpu.keys() >= {"relay", "fakes", "load generator", "machine"}


def test_a_live_cht_is_its_own_relay_and_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHT_PASSWORD", "pass")
    with start_fakes(("cht",)) as addresses:
        requests.put(f"{addresses.control}/cht/timers", json={"sending_every": 0.3}, timeout=10).raise_for_status()
        subject = replace(REFERENCE, http=False, cht_url=addresses.cht, cht_user="admin", poll_seconds=0.3)
        found = load(LoadOptions("reminder_morning", texts=20, seconds=2), subject)
        left = requests.get(f"{addresses.control}/cht/docs", timeout=10).json()["docs"]
    assert (found.verdict, found.subject, found.figures.texts_out) == (Verdict.PASSED, "live CHT", 20)
    assert left == []


def test_an_outage_is_compressed_with_the_quota() -> None:
    found = load(LoadOptions("outage_and_catch_up", texts=40, seconds=4))
    assert (found.verdict, found.reasons) == (Verdict.PASSED, [])
    assert found.rates["v2"] == "3600/second"
    (band,) = found.faults
    assert (band.ends - band.begins).total_seconds() == pytest.approx(2)
    assert any(call.fault for call in found.exchanges)


def test_a_ramp_says_what_limits_it_and_stops_there() -> None:
    wanted = Limits(highest_rate=1000)
    found = load(LoadOptions("ramp", texts=1000, seconds=18, quota=60, settle_seconds=2, limits=wanted))
    assert found.verdict is Verdict.FAILED
    assert any(one.startswith("highest_rate is ") and "at least 1000" in one for one in found.reasons)
    assert found.figures.texts_out < 1000
    assert "RapidPro's quota" in " ".join(found.notes)
    assert any("does not keep up" in note or "highest rate" in note for note in found.notes)
    assert (found.figures.highest_rate is None) == ("does not keep up" in found.notes[0])
    assert as_document(found)["highest_rate"] == found.figures.highest_rate


def test_a_relay_that_refuses_some_and_hands_nothing_on_has_lost_the_others() -> None:
    command = shlex.join([sys.executable, str(ROOT / "tests" / "loadtests" / "losing_relay.py")])
    relay = SubjectOptions(
        http=False, url=f"http://127.0.0.1:{free_port()}", command=command, profile="26", seed=1, poll_seconds=None
    )
    found = load(LoadOptions("reminder_morning", texts=10, seconds=1, settle_seconds=2), relay)
    assert found.verdict is Verdict.FAILED
    assert (found.figures.lost, found.figures.failures) == (19, 1)
    assert found.reasons[0] == "1 of 10 requests that the relay had to answer failed"
    assert dict(found.not_drained) == {
        "texts from CHT still in CHT (forwarded-to-gateway)": 10,
        "texts that the relay accepted, but CHT does not have": 9,
    }
