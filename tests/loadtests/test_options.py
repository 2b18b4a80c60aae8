"""What `load` is told, and what does not fit: a sentence and status 2, before anything is started."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance.cli.options.config import entries
from loadtests.cli import load_command
from loadtests.driving.driver import Crew
from loadtests.gates import Limits
from loadtests.options import LoadOptions, option
from loadtests.shapes.reading import built_in, read
from tests.folders import ROOT

MINE = """
[mine]
about = "a few texts at once"
traffic = [{ who = "cht", texts = 3, from = 0, spread = "once" }]
"""


def load(*arguments: str) -> Result:
    return CliRunner().invoke(load_command, list(arguments))


WRONG = {
    "no shape": ((), "which shape? expected one of steady_day"),
    "unknown": (("full_moon",), "unknown load shape 'full_moon': expected one of steady_day"),
    "no file": (("--file", "there-is-none.toml"), "there-is-none.toml cannot be read"),
    "virtual time has no speed": (("soak", "--subject", "reference", "--p95-ms", "9"), "--p95-ms needs real time"),
    "virtual seconds": (("outage_and_catch_up", "--seconds", "9"), "--seconds needs real time"),
    "virtual processes": (("two_way_followup", "--processes", "2"), "--processes needs real time"),
    "virtual page": (("quota_exhausted", "--web"), "--web needs real time"),
    "virtual ramp": (("ramp", "--subject", "reference"), "ramp measures speed"),
    "two subjects": (("soak", "--subject", "reference,cht-5.2"), "load takes one at a time"),
    "master alone": (("soak", "--master"), "--master and --expect-workers go together"),
    "expecting without a master": (("soak", "--expect-workers", "2"), "--master and --expect-workers go together"),
    "two kinds of workers": (
        ("soak", "--master", "--expect-workers", "2", "--processes", "2"), "--processes starts workers on this machine",
    ),
    "phones from elsewhere": (
        ("steady_day", "--master", "--expect-workers", "2", "--master-bind", "192.0.2.1"),
        "only this machine can reach",
    ),
    "two ways to say what": (("soak", "--http", "--subject-url", "http://127.0.0.1:1"), "--http is for the reference"),
    "remote": (("soak", "--subject-url", "http://192.0.2.1:9"), "use --allow-remote"),
    "no password": (("soak", "--cht-url", "http://127.0.0.1:1", "--cht-user", "x"), "CHT_PASSWORD is not set"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_told_with_status_2(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHT_PASSWORD", raising=False)
    arguments, sentence = WRONG[name]
    done = load(*arguments)
    assert done.exit_code == 2, done.output
    assert sentence in done.output
    assert "Traceback" not in done.output


def test_the_list_has_every_shape_with_its_time() -> None:
    done = load("--list")
    assert done.exit_code == 0
    assert [line for line in done.output.splitlines() if line and not line.startswith(" ")] == list(built_in())
    assert "4 hours in virtual time; over sockets compressed into 4 minutes" in done.output
    assert "10 hours compressed into 1 minute in real time" in done.output


def test_a_file_with_a_shape_of_ones_own_is_run_and_listed(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE, "utf-8")
    assert load("--list", "--file", str(path)).output.startswith("mine\n  a few texts at once\n")
    done = load("--file", str(path), "--subject", "reference")
    assert done.exit_code == 0, done.output
    assert "mine against reference: passed (in virtual time)" in done.output
    assert "0 texts in, 3 texts out: 0 lost, 0 duplicated" in done.output
    assert f"again: relay-harness load --file {path} --profile 26 --seed 1 --subject reference" in done.output


def test_too_few_samples_are_status_2_and_a_limit_that_is_exceeded_is_status_1(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE, "utf-8")
    few = load("--file", str(path), "--subject", "reference", "--to-phone-p95-s", "1")
    assert few.exit_code == 2
    assert "to_phone_p95_s cannot be judged: it needs 100 texts from CHT, there were 3" in few.output
    slow = load("--file", str(path), "--subject", "reference", "--min-texts-out-per-second", "100")
    assert slow.exit_code == 1
    assert "at least 100 is wanted" in slow.output


def test_the_table_load_of_a_harness_toml_has_its_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config, mine = tmp_path / "harness.toml", tmp_path / "mine.toml"
    mine.write_text(MINE, "utf-8")
    config.write_text('subject = "reference"\njobs = 2\n[load]\nfile = "mine.toml"\nto-phone-p95-s = 1\n', "utf-8")
    done = load()
    assert done.exit_code == 2
    assert "it needs 100 texts" in done.output
    assert [key for _, key, _ in entries(config, "conform")] == ["subject", "jobs"]
    config.write_text("[load]\nlevel = 'must'\n", "utf-8")
    assert "harness.toml: unknown key 'load.level'; known: " in load().output
    config.write_text("[load]\ntexts = 'many'\n", "utf-8")
    assert "harness.toml: load.texts must be a whole number, got 'many'" in load().output
    config.write_text("load = 3\n", "utf-8")
    assert "load must be a table such as [load], got 3" in load().output


def test_options_change_the_shape_and_say_how_to_repeat_it() -> None:
    options = LoadOptions("soak", texts=10, seconds=5, quota=7, limits=Limits(p95_ms=3, texts_per_second=2))
    assert (options.shape().texts_in, options.shape().real_seconds(), options.shape().quota) == (10, 5, 7)
    assert " ".join(options.words()) == (
        "relay-harness load soak --texts 10 --seconds 5 --quota 7 --p95-ms 3 --min-texts-per-second 2"
    )
    assert LoadOptions("soak", processes=3).crew(options.shape()) == Crew(processes=3)


def test_every_limit_is_repeated_by_an_option_that_there_is() -> None:
    known = {name for one in load_command.params for name in one.opts}
    limits = [one.name for one in fields(Limits)]
    assert {option(name) for name in limits} <= known
    for name in limits:
        words = LoadOptions("ramp", limits=Limits(**{name: 3.0})).words()
        assert words == ["relay-harness", "load", "ramp", option(name), "3"]


def test_the_examples_of_the_document_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "load.md").read_text("utf-8")
    config, shape = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (monday,) = read(shape, "docs/load.md").values()
    assert (monday.quota, monday.people, monday.real_seconds()) == (3600, 800, 180)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "harness.toml").write_text(config, "utf-8")
    done = load("full_moon")
    assert "unknown load shape" in done.output  # and nothing is wrong with the file


def test_the_document_of_a_run_has_all_figures() -> None:
    done = load("campaign_spike", "--texts", "5", "--subject", "reference", "--json", "--quiet")
    document = json.loads(done.output)
    assert set(document) >= {
        "shape", "requests", "failures", "texts_in", "texts_out", "lost", "duplicated", "texts_per_second", "p50_ms",
        "p95_ms", "p99_ms", "calls_per_text", "verdict",
    }  # fmt: skip
    assert document["requests_by_name"] == {
        "a person texts in by RapidPro": {"requests": 5, "failures": 0, "p95_ms": None, "driver": False},
        "CHT: texts become due": {"requests": 5, "failures": 0, "p95_ms": None, "driver": True},
    }
