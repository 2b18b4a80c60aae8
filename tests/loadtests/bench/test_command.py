"""The command of the benchmarks, its document and its page. What is wrong is told in a sentence, with status 2."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from loadtests.bench.__main__ import main
from loadtests.bench.document import SCHEMA
from loadtests.bench.measurements import MEASUREMENTS
from loadtests.bench.stores import gateway
from tests.folders import ROOT

FIXED: dict[str, Any] = {
    "version": 1,
    "began": "2026-11-27T06:00:00+00:00",
    "command": "python -m loadtests.bench --json",
    "machine": {
        "processor": "Test 3000",
        "cores": 4,
        "memory_gib": 7.8,
        "system": "Linux x86_64",
        "python": "CPython 3.13.1",
        "load_average": 0.1,
    },
    "measurements": {
        "relay": {
            "seconds": 61.2,
            "figures": {
                "out": {"texts_per_second": 731.5, "cpu_ms_per_text": 0.71},
                "in, 1 at a time": {"accepted_per_second": 412, "p99_ms": 3.4},
                "in, 8 at a time": {"accepted_per_second": 1204, "p99_ms": 9.8},
            },
        },
    },
}


def bench(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), prog_name="bench")


def saved(folder: Path, content: object) -> Path:
    path = folder / "figures.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def test_figures_are_printed_as_one_document_with_machine_and_date() -> None:
    done = bench("gateway", "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert set(document) == set(SCHEMA["required"])
    assert list(document["measurements"]) == ["gateway"]
    assert document["measurements"]["gateway"]["figures"]["100 messages"]["quickest_ms"] > 0
    assert set(document["machine"]) == set(FIXED["machine"])
    assert document["machine"]["cores"] >= 1
    assert document["machine"]["processor"]
    assert "measuring gateway: 100 messages" in done.stderr


def test_what_is_printed_is_read_again_and_gives_the_same_lines(tmp_path: Path) -> None:
    printed = bench("gateway", "--json").stdout
    file = saved(tmp_path, printed)
    assert json.loads(bench("--from", str(file), "--json").stdout) == json.loads(printed)
    shown = bench("--from", str(file)).stdout.splitlines()
    assert len(shown) == 4
    assert all(line.startswith("gateway") for line in shown)


def test_the_page_has_machine_date_command_warning_and_all_figures(tmp_path: Path) -> None:
    done = bench("--from", str(saved(tmp_path, FIXED)), "--page", str(tmp_path / "page.md"))
    assert (done.exit_code, done.output) == (0, "")
    text = (tmp_path / "page.md").read_text("utf-8")
    for expected in (
        "**Only ratios within one run compare.**",
        "$ python -m loadtests.bench --json\n",
        "| date | 2026-11-27 |",
        "| processor | Test 3000 |",
        "| memory (GiB) | 7.8 |",
        "| Python | CPython 3.13.1 |",
        "## The reference relay between both fakes, over sockets\n\n`relay`, measured in 61 seconds.",
        "|  | texts per second | CPU ms per text |\n| --- | ---: | ---: |\n| out | 731.5 | 0.71 |\n\n",
        "| in, 1 at a time | 412 | 3.4 |\n| in, 8 at a time | 1,204 | 9.8 |\n",
    ):
        assert expected in text
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("nothing", "is not JSON: expected what --json prints"),
        ("[" * 100_000, "is not JSON: expected what --json prints"),
        ([], "is not what --json prints: $: [] is not of type 'object'"),
        ({**FIXED, "version": 2}, "$.version: 1 was expected"),
        ({**FIXED, "measurements": {}}, "$.measurements: {} should be non-empty"),
        ({**FIXED, "measurements": {"speed": {"seconds": 1, "figures": {}}}}, "'speed' is not one of ['fakes'"),
        ({key: value for key, value in FIXED.items() if key != "machine"}, "'machine' is a required property"),
        (
            {**FIXED, "measurements": {"flows": {"seconds": 1, "figures": {"new": {"texts": "many"}}}}},
            "$.measurements.flows.figures.new.texts: 'many' is not of type 'number'",
        ),
    ],
)
def test_a_file_that_holds_no_figures_is_refused_with_a_reason(tmp_path: Path, content: Any, complaint: str) -> None:
    done = bench("--from", str(saved(tmp_path, content)))
    assert done.exit_code == 2
    assert complaint in done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["speed"], "'speed' is not one of 'fakes', 'relay', 'suite', 'simulation', 'flows'"),
        (["--from", "nowhere.json"], "nowhere.json cannot be read: No such file or directory"),
        (["--from", ""], "cannot be read"),
        (["flows", "--from", "figures.json"], "--from takes figures that there are: leave out names and --peers"),
        (["gateway", "--page", ""], "expected a path, got nothing"),
        (["gateway", "--page", "nowhere/page.md"], "there is no folder nowhere"),
        (["fakes", "--peers", "README.md"], "is a file"),
    ],
)
def test_wrong_usage_is_refused_with_a_reason_before_anything_is_measured(
    arguments: Sequence[str], complaint: str
) -> None:
    done = bench(*arguments)
    assert done.exit_code == 2
    assert complaint in done.stderr
    assert "measuring" not in done.stderr


def test_a_measurement_that_fails_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "BATCH_SIZE", 3)
    monkeypatch.setattr(gateway, "exchange", lambda *_: None)
    done = bench("gateway")
    assert done.exit_code == 2
    assert "nothing was measured: gateway: 0 of 3 messages were stored: the measurement is invalid" in done.stderr


def test_each_measurement_says_what_it_is() -> None:
    help_text = bench("--help").stdout
    for name, measurement in MEASUREMENTS.items():
        assert f"{name:11} {measurement.about}" in help_text


def test_the_page_in_the_documentation_was_written_from_the_figures_beside_it(tmp_path: Path) -> None:
    done = bench("--from", str(ROOT / "docs" / "benchmarks.json"), "--page", str(tmp_path / "page.md"))
    assert done.exit_code == 0, done.output
    page = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    assert (tmp_path / "page.md").read_text("utf-8") == page, "run make docs"
