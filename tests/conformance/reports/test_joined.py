"""Several runs in one matrix, and what changed between runs of the same subject."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.reports.joined import Joined
from conformance.reports.report import Report
from conformance.requirements.catalogue import Level, Requirement
from conformance.verdicts import Verdict
from tests.conformance.reports.examples import report as example
from tests.conformance.reports.examples import result, run_info
from tests.harness_command import harness

PASSED, FAILED, UNKNOWN, BROKEN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN, Verdict.BROKEN


def run(day: int, name: str = "relay", **verdicts: Verdict | list[Verdict]) -> Report:
    """A run of a day; `A=FAILED`: one scenario, or several, of the requirement A."""
    requirements = [Requirement(id_, Level.MUST, f"Day {day}.", "a source") for id_ in verdicts]
    results = [
        result(id_, verdict, f"scenario {number} of {id_}")
        for id_, given in verdicts.items()
        for number, verdict in enumerate(given if isinstance(given, list) else [given])
    ]
    made = Report({"name": name, "kind": "http", "command": f"run {name}"}, "26", tuple(requirements), results)
    made.run = run_info(f"2026-11-{day:02}T08:00:00+00:00")
    return made


def partial(made: Report) -> Report:
    return replace(made, run=run_info(made.run.created, only=["A"]))


def changes(*reports: Report) -> list[str]:
    return [str(change) for change in Joined(reports).changes]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"A": PASSED}, {"A": PASSED}, []),
        ({"A": PASSED}, {"A": FAILED}, ["relay: A newly failed: scenario 0 of A"]),
        ({"A": FAILED}, {"A": PASSED}, ["relay: A newly passed"]),
        ({"A": PASSED}, {"A": UNKNOWN}, ["relay: A newly unknown"]),
        ({"A": PASSED}, {"A": BROKEN}, ["relay: A newly broken: scenario 0 of A"]),
        ({"A": PASSED}, {"A": PASSED, "B": FAILED}, ["relay: B new requirement (failed): scenario 0 of B"]),
        ({"A": PASSED, "B": FAILED}, {"A": PASSED}, ["relay: B requirement removed"]),
        ({"A": [PASSED, PASSED]}, {"A": [PASSED, FAILED]}, ["relay: A newly failed: scenario 1 of A"]),
        ({"A": [FAILED, PASSED]}, {"A": [PASSED, FAILED]}, []),
    ],
)
def test_what_changed_is_named(before: dict[str, Verdict], after: dict[str, Verdict], said: list[str]) -> None:
    assert changes(run(1, **before), run(2, **after)) == said
    assert changes(run(2, **after), run(1, **before)) == said, "the order of the files must not matter"


def test_runs_of_different_subjects_are_not_compared() -> None:
    assert changes(run(1, "one", A=PASSED), run(2, "two", A=FAILED)) == []
    assert changes(run(1, A=PASSED), replace(run(2, A=FAILED), profile="9.3")) == []


def test_a_run_of_a_selection_says_nothing_about_the_rest() -> None:
    whole, later = run(1, A=PASSED, B=PASSED), partial(run(2, A=FAILED))
    assert changes(whole, later) == ["relay: A newly failed: scenario 0 of A"]
    assert changes(whole, later, run(3, A=FAILED, B=PASSED)) == ["relay: A newly failed: scenario 0 of A"]
    assert changes(partial(run(1, A=PASSED)), run(2, A=PASSED, B=PASSED)) == []


def test_the_port_of_a_started_relay_may_differ_between_its_runs() -> None:
    first, second = run(1, A=PASSED), run(2, A=FAILED)
    first.subject["url"], second.subject["url"] = "http://127.0.0.1:1", "http://127.0.0.1:2"
    assert len(changes(first, second)) == 1


def test_the_newest_run_gives_the_words_and_the_order() -> None:
    joined = Joined([run(1, A=PASSED, B=PASSED, C=PASSED), run(2, C=PASSED, A=PASSED)])
    assert [one.id for one in joined.requirements] == ["C", "A", "B"]
    assert [one.sentence for one in joined.requirements] == ["Day 2.", "Day 2.", "Day 1."]
    assert joined.as_json()["requirements"][2]["verdicts"] == ["passed", None]


@pytest.mark.parametrize(
    ("reports", "labels"),
    [
        ([run(1, "one"), run(1, "two")], ("one", "two")),
        ([run(1), run(2)], ("relay 26 2026-11-01", "relay 26 2026-11-02")),
        ([run(1), replace(run(1), profile="9.3")], ("relay 26", "relay 9.3")),
        ([run(1), run(1)], ("relay 26 2026-11-01 08:00:00 (1)", "relay 26 2026-11-01 08:00:00 (2)")),
    ],
)
def test_every_run_has_a_heading_of_its_own(reports: list[Report], labels: tuple[str, ...]) -> None:
    assert Joined(reports).labels == labels


@pytest.mark.parametrize(
    ("reports", "status"),
    [
        ([run(1, A=FAILED), run(2, A=PASSED)], 0),
        ([run(1, A=PASSED), run(2, A=FAILED)], 1),
        ([run(1, "one", A=FAILED), run(2, "two", A=PASSED)], 1),
        ([run(1, A=PASSED), run(2, A=BROKEN)], 2),
        ([run(1, A=UNKNOWN)], 2),
        ([replace(run(1, A=PASSED), ended_early="interrupted")], 2),
        ([replace(run(1, A=FAILED), ended_early="interrupted")], 1),
        ([replace(run(1, A=PASSED), ended_early="interrupted"), run(2, A=PASSED)], 0),
    ],
)
def test_the_newest_run_of_each_subject_is_the_status(reports: list[Report], status: int) -> None:
    assert Joined(reports).exit_status() == status


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    made = [run(1, A=PASSED, B=FAILED), run(2, A=FAILED, B=PASSED)]
    paths = [tmp_path / f"{number}.json" for number in range(2)]
    for path, one in zip(paths, made, strict=True):
        path.write_text(json.dumps(one.as_json()), "utf-8")
    return [str(path) for path in paths]


def test_the_command_shows_the_matrix_and_the_changes(files: list[str], tmp_path: Path) -> None:
    done = harness("report", *files, "--report-dir", str(tmp_path / "out"))
    assert done.returncode == 1, done.stderr
    assert "relay: A newly failed: scenario 0 of A\nrelay: B newly passed\n" in done.stdout
    rows = [[cell.strip() for cell in line.split("│")[:4]] for line in done.stdout.splitlines()]
    assert ["A", "must", "passed", "failed"] in rows
    assert "What changed" in (tmp_path / "out" / "report.html").read_text("utf-8")
    again = harness("report", str(tmp_path / "out" / "joined.json"), "--json")
    assert again.returncode == 1, again.stderr
    found = json.loads(again.stdout)
    assert [one["what"] for one in found["changes"]] == ["newly failed", "newly passed"]
    assert found == Joined([run(1, A=PASSED, B=FAILED), run(2, A=FAILED, B=PASSED)]).as_json()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"1" * 10_000, "is not JSON"),
        (b"[]", "report must be an object"),
        (b'{"reports": []}', "its 'reports' must be a list"),
        (b'{"reports": {}}', "its 'reports' must be a list"),
        (b'{"reports": [{}]}', "it is no report of this harness"),
        (b'{"requirements": [], "totals": {}}', "did not number the versions"),
    ],
    ids=["empty", "no UTF-8", "deep", "long number", "list", "no reports", "object", "foreign", "old"],
)
def test_a_bad_file_is_a_sentence_and_status_2(content: bytes, sentence: str, tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.json", tmp_path / "good.json"
    bad.write_bytes(content)
    good.write_text(json.dumps(example().as_json()), "utf-8")
    done = harness("report", str(good), str(bad))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert sentence in done.stderr
    assert str(bad) in done.stderr


def test_a_missing_file_a_folder_and_no_file_are_told(tmp_path: Path) -> None:
    for arguments in ((), (str(tmp_path),), (str(tmp_path / "none.json"),)):
        done = harness("report", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Error: " in done.stderr
