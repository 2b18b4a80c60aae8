"""A relay that was written with care by others fails no "must", and only those "should"s that it does not meet."""

from __future__ import annotations

from functools import partial

import pytest

from conformance.requirements.catalogue import load, select
from conformance.running.runner import conform
from conformance.running.worlds import InProcessWorlds
from conformance.verdicts import Verdict
from tests.broken.errors import GivesUpAt, SendsAgainAt, at
from tests.broken.pieces import Defect, Session
from tests.careful.relays import AnswersWhenChtHasIt, Masks


@pytest.mark.parametrize("tries", [1, 3])
def test_a_relay_that_refuses_what_it_cannot_pass_on_and_speaks_french_is_not_blamed(tries: int) -> None:
    build = partial(AnswersWhenChtHasIt, tries=tries)
    report = conform(InProcessWorlds("26", 1, build, "answers when CHT has it"), load())
    assert report.broken == []
    failed = {one.id for one in report.requirements if report.verdict(one) is not Verdict.PASSED}
    reasons = {one.name: one.reason[:600] for one in report.results if one.verdict is not Verdict.PASSED}
    assert failed == {"IN-10", "IN-13", "WHY-4"}, reasons


def test_a_relay_that_looks_around_follows_redirects_and_masks_its_token_is_not_blamed_for_its_conduct() -> None:
    ids = ("IN-1", "OUT-1", "AUTH-2", "AUTH-5", "QUOTA-3", "QUOTA-5", "QUOTA-6", "OPS-4")
    report = conform(InProcessWorlds("26", 1, Masks, "masks"), select(load(), ids))
    assert {one.name: one.reason[:600] for one in report.results if one.verdict is not Verdict.PASSED} == {}
    assert report.broken == []


@pytest.mark.parametrize(
    "session",
    [
        pytest.param(at(GivesUpAt, 413), id="takes a 413 for a refusal"),
        pytest.param(at(SendsAgainAt, 408, 503), id="tries again after a 408 or 503"),
    ],
)
def test_a_relay_that_believes_a_status_fails_no_must(session: Session) -> None:
    worlds = InProcessWorlds("26", 1, Defect(session), "believes")
    report = conform(worlds, select(load(), ["OUT-9", "OUT-10"]))
    reasons = {one.name: one.reason[:600] for one in report.results if one.verdict is not Verdict.PASSED}
    assert (report.broken, reasons) == ([], {})
