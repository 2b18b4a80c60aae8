"""`load.html` in a real browser: light and dark, wide and narrow, for everybody, nothing fetched and nothing run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from conformance.history.model import Arrival, History, IncomingText, Outcome, OutgoingText, StoredReport
from conformance.verdicts import Verdict
from loadtests.reports.page.html import page
from loadtests.reports.report import LoadReport
from loadtests.results import LoadRun
from tests.browser import browser as running_browser
from tests.browser import inaccessible, opened_file
from tests.loadtests.reports.examples import GATEWAY, SHAPE, at, run, sample, to_cht, to_rapidpro

EVIL = "<img src=x onerror=alert(1)></script><script>alert(1)</script> \u202egnp.exe {{ 7 * 7 }} $x^2$ \\x"
TEXTS = 20_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as started:
        yield started


def written(tmp_path: Path, shown: LoadRun) -> Path:
    path = tmp_path / "load.html"
    path.write_text(page(LoadReport.of(shown)), "utf-8")
    return path


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_the_page_is_for_everybody_in_every_window(browser: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    path = written(tmp_path, run())
    with opened_file(browser, path, width=width, scheme=scheme) as tab:
        assert tab.title() == "Load: two_texts, reference: failed"
        expect(tab.get_by_role("img", name="Waiting texts")).to_be_visible()
        expect(tab.locator(".plot svg")).to_have_count(7)
        tab.locator("summary").click()
        expect(tab.locator("#timeline tbody tr")).to_have_count(100)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert inaccessible(tab) == []


def test_plots_follow_the_button_for_light_and_dark(browser: Browser, tmp_path: Path) -> None:
    """Their colours come from the style sheet, which the page's policy allows; a style within them would not work."""
    line = "getComputedStyle(document.querySelector('.plot .stroke-series-1')).stroke"
    words = "getComputedStyle(document.querySelector('.plot text')).fill"
    with opened_file(browser, written(tmp_path, run()), width=1400, scheme="light") as tab:
        assert [tab.evaluate(one) for one in (line, words)] == ["rgb(0, 114, 178)", "rgb(26, 31, 36)"]
        tab.get_by_role("button", name="Dark").click()
        assert [tab.evaluate(one) for one in (line, words)] == ["rgb(86, 180, 233)", "rgb(232, 236, 239)"]


def test_evil_texts_are_shown_and_do_nothing(browser: Browser, tmp_path: Path) -> None:
    evil = run(
        shape=replace(SHAPE, name=EVIL, about=EVIL),
        subject=EVIL,
        reasons=[EVIL],
        notes=[EVIL],
        command=EVIL,
        not_drained={EVIL: 1},
        requests=(sample(1, 1, EVIL), sample(2, 1, f"other {EVIL}", driver=True)),
        locust={"javascript:alert(1)": "x"},
        rates={"v2": "10/minute"},
    )
    with opened_file(browser, written(tmp_path, evil), width=390, scheme="light") as tab:
        shown = tab.locator("body").inner_text()
        assert (
            shown.count("<img src=x onerror=alert(1)></script><script>alert(1)</script> [U+202E]gnp.exe {{ 7 * 7 }}")
            >= 8
        )
        assert "\u202e" not in tab.content()
        expect(tab.locator("img")).to_have_count(0)
        assert tab.locator("a[href^='javascript:']").count() == 0
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def big_run() -> LoadRun:
    """Twenty thousand texts each way within an hour, each with its requests; every one waits for ten seconds."""
    moments = [3600 * n / TEXTS for n in range(TEXTS)]
    numbers = [f"+2507{n % 500:08}" for n in range(TEXTS)]
    everybody = list(enumerate(zip(moments, numbers, strict=True)))
    history = History(
        incoming_texts=tuple(
            IncomingText(f"id-{n}", to, f"in {n}", Outcome.OK, at(when)) for n, (when, to) in everybody
        ),
        reports=tuple(StoredReport(to, f"in {n}", f"id-{n}") for n, (_, to) in everybody),
        outgoing_texts=tuple(
            OutgoingText(f"uuid-{n}", to, f"out {n}", "delivered", at(when)) for n, (when, to) in everybody
        ),
        arrivals=tuple(Arrival(to, f"out {n}", at(when + 10)) for n, (when, to) in everybody),
    )
    calls = [to_rapidpro(when) for when in moments]
    calls += [replace(to_cht(when + 10, [n]), seq=n, headers=GATEWAY) for n, (when, _) in everybody]
    calls.sort(key=lambda call: call.at)
    return run(
        history=replace(history, calls=tuple(calls)),
        exchanges=tuple(calls),
        verdict=Verdict.PASSED,
        reasons=[],
        ended_sending=at(3600),
        ended=at(3610),
        requests=tuple(sample(when, 5 + n % 7) for n, (when, _) in everybody),
        rates={"v2": "36000/hour"},
    )


def test_twenty_thousand_texts_make_a_small_page_in_seconds(browser: Browser, tmp_path: Path) -> None:
    made, began = big_run(), time.process_time()
    report = LoadReport.of(made)
    words = page(report)
    assert time.process_time() - began < 20  # 3 s on an idle machine
    assert len(words.encode()) < 500_000
    waits = report.tables["waits"].as_json()
    assert [(row["count"], row["p50_s"], row["longest_s"], row["still_waiting"]) for row in waits] == [
        (TEXTS, 10, 10, 0),
        (TEXTS, 10, 10, 0),
    ]
    (quota,) = report.tables["quota"].as_json()
    assert (quota["counted"], quota["fewest_left"]) == (TEXTS, 36_000 - TEXTS)
    path = tmp_path / "load.html"
    path.write_text(words, "utf-8")
    with opened_file(browser, path, width=1400, scheme="light") as tab:
        expect(tab.locator(".plot svg")).to_have_count(7)
