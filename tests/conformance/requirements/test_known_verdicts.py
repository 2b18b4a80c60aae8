"""Each built-in subject gets its known verdicts: a change of model, check or scenario is noticed here."""

from __future__ import annotations

import json

import pytest

from conformance.requirements.catalogue import Level, Requirement
from conformance.requirements.catalogue import load as load_requirements
from conformance.requirements.known_verdicts import RECORDING, Known, as_markdown, load, source_of
from conformance.running.runner import conform
from conformance.running.worlds import BuiltInWorlds
from conformance.subjects.built_in import built_in, named
from conformance.verdicts import Verdict
from tests.folders import GOLDEN, ROOT

KNOWN = [pytest.param(name, one, id=f"{name} beside {one.profile}") for one in load() for name in one.names]


@pytest.mark.parametrize(("name", "known"), KNOWN)
def test_a_subject_is_judged_as_it_is_known_to_be(name: str, known: Known) -> None:
    report = conform(BuiltInWorlds(known.profile, 1, named(name)), load_requirements())
    assert report.broken == []
    expected = {one.id: known.verdict(one.id) for one in report.requirements}
    found = {one.id: report.verdict(one) for one in report.requirements}
    reasons = {one.name: one.reason[:300] for one in report.results if expected[one.requirements[0]] != one.verdict}
    assert found == expected, reasons
    assert report.exit_status() == 1


def test_what_is_unknown_says_why() -> None:
    ids = [one for one in load_requirements() if one.id in {"IN-6", "CRASH-1", "QUOTA-2", "STATE-6", "STATE-8"}]
    report = conform(BuiltInWorlds("26", 1, named("outbound-push")), ids)
    assert {one.verdict for one in report.results} == {Verdict.UNKNOWN}
    assert all(one.reason for one in report.results)
    assert report.exit_status() == 2, "nothing could be judged"


def test_every_built_in_subject_but_the_reference_is_known() -> None:
    assert {name for one in load() for name in one.names} == set(built_in()) - {"reference"}


def test_what_is_known_names_requirements_that_there_are() -> None:
    ids = {one.id for one in load_requirements()}
    for one in load():
        assert {*one.failed, *one.unknown, *one.also_passed} <= ids


def test_each_reason_names_a_recording_or_file_that_there_is() -> None:
    recorded = {
        f"{path.stem}/{entry['id']}"
        for path in (GOLDEN / "cht").glob("*.json")
        for entry in json.loads(path.read_text("utf-8"))
    }
    for one in load():
        for id_, reason in one.reasons().items():
            _, source = source_of(reason)
            if RECORDING.fullmatch(source):
                assert source in recorded, (one.name, id_)
            elif source.startswith("tests/"):
                assert (ROOT / source).exists(), (one.name, id_)
            else:
                assert source.startswith("cht-core "), (one.name, id_)


def test_a_reason_without_a_source_is_refused() -> None:
    with pytest.raises(ValueError, match="names no source"):
        source_of("it is slow", "cht-5.2, OUT-6")


def test_subjects_with_the_same_verdicts_share_a_column() -> None:
    text = as_markdown([Known("x", "26", {"A-1": "it is lost [file/id]"}, {}, also=["y"])], [])
    assert "| `x`, `y` beside RapidPro 26 |" in text
    assert "Why `x`, `y` beside RapidPro 26 fail:" in text


def test_the_table_distinguishes_passed_failed_and_unknown() -> None:
    known = Known("x", "26", {"A-1": "it is lost [file/id]"}, {"A-2": "no way"})
    requirements = [Requirement(f"A-{number}", Level.MUST, "A sentence.", "a source") for number in (1, 2, 3)]
    text = as_markdown([known], requirements)
    assert "| A-1 | **no** | A sentence. |" in text
    assert "| A-2 | – | A sentence. |" in text
    assert "| A-3 | yes | A sentence. |" in text
    assert "- A-1: it is lost (`file/id`)" in text
