"""`relay-harness plan`: its options, its exit status, its forms."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from conformance.cli.plan import plan_command
from tests.folders import ROOT

SVG = "{http://www.w3.org/2000/svg}"
DOCUMENT = (ROOT / "docs" / "planning.md").read_text("utf-8")
COMMAND, SHOWN = re.findall(r"```console\n\$ relay-harness plan ([^\n]*)\n(.*?)```", DOCUMENT, re.DOTALL)[0]


def plan(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "140"}).invoke(plan_command, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Missing option '--texts'"),
        (("--texts", "0"), "0 is not in the range"),
        (("--texts", "100001"), "is not in the range"),
        (("--texts", "many"), "is not a valid integer"),
        (("--texts", "5", "--quota", "0"), "is not in the range"),
        (("--texts", "5", "--quota", "2500/hour"), "is not a valid integer"),
        (("--texts", "5", "--start", "7"), "--start: expected a time of day such as 07:00, got '7'"),
        (("--texts", "5", "--by", "25:00"), "--by: expected a time of day such as 07:00, got '25:00'"),
        (("--texts", "5", "--outage", "phone:08:00-09:00"), "expected an outage such as rapidpro:08:00-08:30"),
        (("--texts", "5", "--outage", "cht:08:00"), "--outage: expected an outage such as"),
        (("--texts", "5", "--tps", "0"), "is not in the range"),
        (("--texts", "5", "--poll-seconds", "nan"), "is not a finite number"),
        (("--texts", "5", "--poll-seconds", "0"), "is not in the range"),
        (("--texts", "5", "--subject", ","), "--subject is empty"),
        (("--texts", "5", "--subject", "reference,nobody"), "unknown built-in subject 'nobody'; available: reference"),
        (("--texts", "5", "--profile", "27"), "is not one of"),
        (("--texts", "5", "--seed", "-1"), "is not in the range"),
        (("--texts", "5", "--svg", "/dev/null/plan.svg"), "/dev/null/plan.svg cannot be written"),
        (("--texts", "5", "--json", "--quiet"), "--json and --quiet exclude each other"),
    ],
)
def test_wrong_usage_is_reported_in_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    done = plan(*arguments)
    assert done.exit_code == 2
    assert sentence in done.output
    assert "Traceback" not in done.output


def test_the_example_of_the_document_is_what_the_command_prints() -> None:
    done = plan(*shlex.split(COMMAND))
    assert done.output == SHOWN
    assert done.exit_code == 1


@pytest.mark.parametrize(("by", "status"), [("08:10", 0), ("07:59", 1)])
def test_the_exit_status_says_whether_all_are_out_in_time(by: str, status: int) -> None:
    done = plan("--texts", "30", "--quota", "20", "--by", by, "--json")
    figures = json.loads(done.output)
    assert done.exit_code == status
    assert figures["subjects"][0]["in_time"] is (status == 0)
    assert figures["subjects"][0]["last"]["time"].startswith("08:00:0")
    assert figures["quota_needed"] == (None if status == 0 else 30)


def test_what_is_wrong_with_a_subject_decides_the_exit_status_too() -> None:
    done = plan("--texts", "60", "--quota", "50", "--subject", "cht-5.2", "--quiet")
    assert done.exit_code == 1
    assert "cht-5.2: throttle-ignored" in done.output


def test_without_any_cure_by_a_quota_the_channel_is_named() -> None:
    done = plan("--texts", "100", "--tps", "1", "--by", "07:01")
    assert "no relay has all texts out by 07:01, and no quota changes that" in done.output


def test_a_plot_shows_each_course_and_each_band(tmp_path: Path) -> None:
    file = tmp_path / "plan.svg"
    options = ("--texts", "40", "--quota", "25", "--by", "08:30", "--outage", "cht:07:05-07:10", "--outage",
               "rapidpro:07:20-07:30", "--subject", "reference,cht-5.2", "--svg", str(file))  # fmt: skip
    assert plan(*options).exit_code == 1
    first = file.read_bytes()
    words = {"".join(one.itertext()).strip() for one in ElementTree.fromstring(first).iter(f"{SVG}text")}
    assert {"best possible", "reference", "cht-5.2", "reference throttled", "rapidpro down", "cht down", "by 08:30",
            "texts out", "07:00", "08:00"} <= words  # fmt: skip
    plan(*options)
    assert file.read_bytes() == first


def test_a_plot_without_matplotlib_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = plan("--texts", "100000", "--svg", str(tmp_path / "plan.svg"))
    assert done.exit_code != 0
    assert "a plot needs matplotlib, which is not installed: pip install" in str(done.exception)
    assert not (tmp_path / "plan.svg").exists()
