"""Charts, bands, tables and files of a run: known numbers at known seconds, and the same in every form."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import fields, replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from lxml import html

from conformance.verdicts import HarnessBroken
from loadtests.gates import AT_LEAST, Figures, Limits
from loadtests.reports.files import write_reports
from loadtests.reports.model import Band, Series, Timeline, elapsed, shown
from loadtests.reports.page.html import page
from loadtests.reports.page.plots import plot
from loadtests.reports.readings.bins import MOST_BINS
from loadtests.reports.report import LoadReport
from loadtests.reports.tables import LABELS
from loadtests.results import FaultBand, LoadRun
from tests.loadtests.reports.examples import FIGURES, HISTORY, at, run, throttled


@pytest.fixture(scope="module")
def report() -> LoadReport:
    return LoadReport.of(run())


def series(report: LoadReport) -> dict[str, Series]:
    return {one.key: one for chart in report.timeline.charts for one in chart.series}


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("waiting_for_phones", {0.9: 1, 1: 2, 2: 3, 2.9: 3, 3: 2, 5: 1, 10: 1}),
        ("waiting_for_cht", {1.9: 0, 2: 1, 2.5: 0, 4: 1, 7.1: 1, 7.2: 0}),
        ("oldest_for_phones_s", {1: 1, 2.9: 2.9, 3: 2, 5: 3, 10: 8}),
        ("oldest_for_cht_s", {2.4: 0.4, 3: 0, 7.1: 3.1, 7.2: 0}),
        ("due_per_second", {0.1: 10, 1: 10, 1.1: 0}),
        ("on_phones_per_second", {3: 10, 4: 0, 5: 10}),
        ("sent_in_per_second", {2: 10, 4: 10, 6: 10}),
        ("in_cht_per_second", {2.5: 10, 7.2: 10}),
        ("quota_left_v2", {0.9: 100, 1: 90, 3.4: 80, 3.5: 0, 5.4: 0, 5.5: 70}),
        ("quota_left_v2.messages", {3: 80, 4: 100}),
        ("channel_queue", {0.9: None, 1: 2, 1.9: 2, 2: 0, 4: 0, 4.1: None, 6: 0, 8.1: None}),
        ("cpu_relay", {1: 90, 2: 50, 6: 25, 9: None}),
        ("cpu_machine", {1: 50}),
        ("memory_load_generator", {1: 70}),
        ("generator_late_ms", {1: 12.5, 5: None}),
        ("p95_ms", {2: 20, 4: 1234.5, 6: 15, 5: None}),
    ],
)  # fmt: skip
def test_each_line_has_the_counted_value_at_a_second(
    report: LoadReport, key: str, values: dict[float, float | None]
) -> None:
    moments, line = report.timeline.moments, series(report)[key]
    assert {second: line.values[moments.index(second)] for second in values} == values


def test_scopes_that_nobody_used_have_no_line(report: LoadReport) -> None:
    assert "quota_left_v2.runs" not in series(report)
    assert [row["scope"] for row in report.tables["quota"].as_json()] == ["v2", "v2.messages", "v2.runs"]


def test_a_quota_that_nobody_can_use_up_is_called_unlimited() -> None:
    unlimited = LoadReport.of(run(rates={"v2": "1000000000/hour"}))
    (row,) = unlimited.tables["quota"].as_json()
    assert (row["rate"], row["counted"], row["fewest_left"]) == ("unlimited", 3, None)
    assert not [key for key in series(unlimited) if key.startswith("quota")]
    assert unlimited.timeline.charts[4].summary == "RapidPro's quota was unlimited."


def test_in_virtual_time_nobody_looked_at_processes() -> None:
    charts = [one.key for one in LoadReport.of(run(watched=(), time="virtual")).timeline.charts]
    assert charts == ["throughput", "latency", "queues", "oldest", "quota"]


def test_faults_and_throttled_time_are_bands_within_the_run() -> None:
    found = LoadReport.of(
        run(
            faults=(FaultBand("cht", "outage", at(4), at(7)), FaultBand("rapidpro", "lose_reply", at(-5), at(99))),
            exchanges=(throttled(1, 1), throttled(2.05, 1), throttled(9, 60)),
        )
    )
    assert found.timeline.bands == (
        Band("cht", "cht down", 4, 7),
        Band("rapidpro", "rapidpro lose_reply", 0, 10),
        Band("", "subject throttled", 1, 3.05),
        Band("", "subject throttled", 9, 10),
    )
    assert [row["failed"] for row in found.tables["faults"].as_json()] == [0, 3, 2, 1]


def test_figures_stand_beside_their_limits(report: LoadReport) -> None:
    rows = {row["figure"]: row for row in report.tables["figures"].as_json()}
    p95 = {"figure": "request time p95, ms", "value": 1234.5, "limit": 1000, "kept": False}
    assert rows["request time p95, ms"] == p95
    assert rows[LABELS["texts_per_second"]] == {
        "figure": LABELS["texts_per_second"], "value": 0.5, "limit": 0.25, "kept": True,
    }  # fmt: skip
    assert rows["lost"] == {"figure": "lost", "value": 1, "limit": None, "kept": None}


def test_every_figure_is_on_the_page_and_every_limit_has_its_direction() -> None:
    assert {one.name for one in fields(Figures)} - {"shape", "time"} == set(LABELS)
    limits = {one.name for one in fields(Limits)}
    assert limits <= set(LABELS)
    assert {name for name in limits if name.endswith("_per_second")} | {"highest_rate"} == set(AT_LEAST)


def test_a_figure_that_was_not_measured_neither_keeps_nor_breaks_its_limit() -> None:
    unmeasured = LoadReport.of(run(figures=replace(FIGURES, p95_ms=None)))
    (row,) = (one for one in unmeasured.tables["figures"].as_json() if one["figure"] == LABELS["p95_ms"])
    assert (row["value"], row["limit"], row["kept"]) == (None, 1000, None)


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (0.0041, "0.0041"), (0.25, "0.25"),
     (10.04, "10.0"), (1234.5678, "1,235"), (20000, "20,000"), (None, "–"),
     (True, "yes"), (False, "no"), ("v2", "v2"), (3.0, "3")],
)  # fmt: skip
def test_values_are_shown_shortly(value: float | str | None, words: str) -> None:
    assert shown(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0:00"), (7.25, "0:07.2"), (59.96, "1:00"), (3600, "1:00:00"), (90_061, "1 d 01:01"), (3661.5, "1:01:01.5")],
)
def test_moments_are_shown_as_times(seconds: float, words: str) -> None:
    assert elapsed(seconds) == words


def test_a_plot_shows_lines_and_bands_and_says_in_words_what_is_in_it(report: LoadReport) -> None:
    timeline = report.timeline
    root = ElementTree.fromstring(plot(timeline.charts[2], timeline))
    words = {"".join(one.itertext()) for one in root.iter("text")}
    assert {"due in CHT, on no phone", "accepted, not in CHT", "cht down", "subject throttled", "all sent", "texts",
            "0:00", "0:10"} <= words  # fmt: skip
    about = root.findtext("desc") or ""
    assert "Most: due in CHT, on no phone 3 at 0:02; accepted, not in CHT 1 at 0:02." in about
    assert "Bands: cht down from 0:04 to 0:07; subject throttled from 0:03.5 to 0:05.5." in about


def test_a_burst_of_due_texts_does_not_hide_how_fast_they_are_sent() -> None:
    texts = tuple(replace(HISTORY.outgoing_texts[0], uuid=f"uuid-{n}", text=f"out {n}") for n in range(40))
    burst = LoadReport.of(run(history=replace(HISTORY, outgoing_texts=(*HISTORY.outgoing_texts, *texts)))).timeline
    throughput = burst.charts[0]
    assert throughput.top == 15  # one text in a tenth of a second was done
    words = ElementTree.fromstring(plot(throughput, burst)).itertext()
    assert "due in CHT (up to 410)" in words
    assert LoadReport.of(run()).timeline.charts[0].top is None


def test_a_value_between_two_gaps_is_a_point() -> None:
    timeline = Timeline(1, (1, 2, 3), 3, (), ())
    chart = LoadReport.of(run()).timeline.charts[1]
    one, gap = (replace(chart, series=(Series("p50", "p50", values),)) for values in ((None, 5.0, None), (None,) * 3))
    assert plot(one, timeline).count("<use") == plot(gap, timeline).count("<use") + 1


def page_tables(words: str) -> dict[str, list[list[str]]]:
    """The cells of each table of the page, by its id."""
    return {
        one.get("id"): [[cell.text_content().strip() for cell in row] for row in one.findall(".//tbody/tr")]
        for one in html.fromstring(words).findall(".//table")
    }


def test_page_and_files_have_the_same_numbers(tmp_path: Path) -> None:
    write_reports(run(), tmp_path)
    document = json.loads((tmp_path / "load.json").read_text("utf-8"))
    report = LoadReport.of(run())
    on_page = page_tables((tmp_path / "load.html").read_text("utf-8"))
    assert on_page.keys() == document["tables"].keys() == report.tables.keys()
    for key, table in report.tables.items():
        kinds = [one.kind for one in table.columns]
        expected = [[shown(value, kind) for value, kind in zip(row.values(), kinds, strict=True)]
                    for row in document["tables"][key]]  # fmt: skip
        assert on_page[key] == expected, key
    with (tmp_path / "timeline.csv").open(encoding="utf-8", newline="") as file:
        rows = [{name: float(value) if value else None for name, value in row.items()} for row in csv.DictReader(file)]
    assert rows == document["tables"]["timeline"]


def test_the_files_are_those_that_are_promised(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    write_reports(run(), folder)
    assert sorted(one.name for one in folder.iterdir()) == [
        "load.html", "load.json", "locust.html", "locust_stats.csv", "requests.csv", "timeline.csv",
    ]  # fmt: skip
    assert (folder / "locust.html").read_text("utf-8") == "<html>"
    with (folder / "requests.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[:2] == [["at", "name", "ms", "ok", "driver"], [at(2).isoformat(), "webhook", "20", "True", "False"]]
    assert len(rows) == 6


def test_load_json_tells_how_to_repeat_the_run_and_why_it_failed(report: LoadReport) -> None:
    document = report.as_json()
    assert document["run"]["command"] == "relay-harness load two_texts --seed 7"
    assert document["run"]["seed"] == 7
    assert document["verdict"] == "failed"
    assert document["reasons"] == ["lost: 'out 3' for +250788400003 never arrived"]
    assert document["limits"] == {"p95_ms": 1000, "texts_per_second": 0.25}
    assert document["tables"]["not_drained"] == [{"what": "texts from CHT that are pending", "left": 1}]
    assert document["p95_ms"] == 1234.5
    assert document["notes"] == ["the relay is what limits it"]


def test_what_cannot_be_written_is_a_fault_of_the_harness() -> None:
    with pytest.raises(HarnessBroken, match="the report cannot be written to /dev/null/report"):
        write_reports(run(), Path("/dev/null/report"))


def test_without_matplotlib_the_page_says_so_and_has_all_tables(
    report: LoadReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = page_tables(page(report))
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    words = page(report)
    assert "pip install 'matplotlib>=3.10,<4'" in html.fromstring(words).text_content()
    assert "<svg" not in words
    assert page_tables(words) == whole


@pytest.mark.parametrize(
    "changed",
    [
        {"requests": (), "exchanges": (), "faults": (), "not_drained": {}, "reasons": [], "locust": {}},
        {"time": "virtual", "ended": at(13 * 86_400), "ended_sending": at(12 * 86_400)},
        {"ended": at(0), "ended_sending": at(0)},
        {"rates": {}},
        {"rates": {"v2": "0/hour"}},
        {"history": replace(HISTORY, incoming_texts=(), outgoing_texts=(), arrivals=(), reports=(), calls=())},
    ],
    ids=["nothing happened", "thirteen virtual days", "no time passed", "no quota", "a quota of nothing", "no texts"],
)
def test_an_unusual_run_has_a_page_too(changed: dict[str, object]) -> None:
    words = page(LoadReport.of(run(**changed)))
    assert "two_texts" in words
    assert all(len(rows) <= MOST_BINS for rows in page_tables(words).values())


def test_in_virtual_time_there_are_no_request_times() -> None:
    virtual: LoadRun = run(time="virtual")
    latency = LoadReport.of(virtual).timeline.charts[1]
    assert latency.summary == "In virtual time answers take no time."
    assert {value for one in latency.series for value in one.values} == {None}
    assert {row["p95_ms"] for row in LoadReport.of(virtual).tables["requests_by_name"].as_json()} == {None}


def test_secrets_are_nowhere(tmp_path: Path) -> None:
    secret = "s3cret-of-the-gateway"
    subject = f"--subject-url http://relay:{secret}@localhost/ --subject-command 'x --token {secret}'"
    calls = tuple(replace(one, body=f'{{"x": "{secret}"}}', headers={"x": secret}) for one in HISTORY.calls)
    write_reports(run(command=f"relay-harness load two_texts {subject}", exchanges=calls), tmp_path)
    for path in tmp_path.iterdir():
        assert secret not in path.read_text("utf-8"), path.name
    assert "[hidden]" in (tmp_path / "load.json").read_text("utf-8")
