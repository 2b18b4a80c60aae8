"""The files of a run: all there, each whole or not at all; what cannot be written is a sentence."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings

from conformance.reports.ci.ctrf import ctrf
from conformance.reports.ci.junit import junit_xml
from conformance.reports.files import Reports, folder_names, write_joined
from conformance.reports.joined import Joined
from conformance.reports.messages.envelopes import ndjson
from conformance.reports.page.html import page
from conformance.reports.report import Report
from conformance.running.runner import features_folder
from conformance.verdicts import HarnessBroken
from tests.conformance.reports.any_report import REPORTS
from tests.conformance.reports.examples import evil_report, report
from tests.conformance.reports.test_ci_formats import check_ctrf, check_junit

OF_A_SUBJECT = {"report.json", "junit.xml", "ctrf.json", "messages.ndjson", "badge.svg"}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_one_subject_has_all_files_in_the_folder(tmp_path: Path) -> None:
    Reports([report()], features_folder()).write(tmp_path / "new" / "folder")
    assert names(tmp_path / "new" / "folder") == {*OF_A_SUBJECT, "report.html"}


def test_several_subjects_have_a_folder_each_and_share_the_page(tmp_path: Path) -> None:
    Reports([report("one"), report("two"), evil_report()], features_folder()).write(tmp_path)
    folders = {path for path in tmp_path.iterdir() if path.is_dir()}
    assert {path.name for path in folders} >= {"one", "two"}
    assert len(folders) == 3
    assert all(names(folder) == OF_A_SUBJECT for folder in folders)
    assert (tmp_path / "report.html").exists()


def test_no_name_leads_out_of_the_folder_or_meets_another() -> None:
    found = folder_names(["a", "A", "../../etc", "a", "", "..", "C:\\x", "a/b\x00"])
    assert found == ["a", "A-2", "etc", "a-3", "subject", "subject-2", "C-x", "a-b"]


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_what_cannot_be_finished_leaves_the_earlier_files(
    failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Reports([report("earlier")], features_folder()).write(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(_descriptor: int) -> None:
        raise failure

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(HarnessBroken if isinstance(failure, OSError) else KeyboardInterrupt) as caught:
        Reports([report("later")], features_folder()).write(tmp_path)
    if isinstance(failure, OSError):
        assert str(caught.value) == f"the report cannot be written to {tmp_path}: No space left on device"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for write in (
        Reports([report()], features_folder()).write,
        lambda folder: write_joined(Joined([report()]), folder),
    ):
        with pytest.raises(HarnessBroken, match="the report cannot be written to"):
            write(tmp_path / "file")


def test_half_a_surrogate_pair_is_written_as_json_writes_it(tmp_path: Path) -> None:
    Reports([evil_report()], features_folder()).write(tmp_path)
    document = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert any("\ud83d" in one["name"] for one in document["requirements"][0]["scenarios"])


@settings(max_examples=40, deadline=None)
@given(REPORTS)
def test_whatever_is_in_a_report_every_format_takes_it(made: Report) -> None:
    check_junit(junit_xml(made))
    check_ctrf(ctrf(made))
    lines = [json.loads(line) for line in ndjson(made, Path("no/features")).splitlines()]
    assert sum("testCase" in line for line in lines) == len(made.results)
    assert page(Joined([made])).count("</script>") == 2
