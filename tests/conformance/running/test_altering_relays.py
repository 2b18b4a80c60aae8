"""A relay that alters texts is caught by the texts that real gateways get wrong, in each direction."""

from __future__ import annotations

import pytest

from conformance.requirements.catalogue import load, select
from conformance.running.runner import conform
from conformance.running.worlds import InProcessWorlds
from conformance.subjects.in_process import Build
from conformance.verdicts import Verdict
from tests.broken.altering import ALTERATIONS, INCOMING_ONLY, alters_incoming, alters_outgoing, cut_at
from tests.broken.pieces import Defect


def verdicts(build: Build, name: str) -> dict[str, Verdict]:
    report = conform(InProcessWorlds("26", 1, build, name), select(load(), ("IN-1", "OUT-1")))
    assert report.broken == []
    return {one.id: report.verdict(one) for one in report.requirements}


@pytest.mark.parametrize("name", ALTERATIONS)
def test_a_relay_that_alters_texts_both_ways_fails_in_1_and_out_1(name: str) -> None:
    alter = ALTERATIONS[name]
    found = verdicts(Defect(session=alters_outgoing(alter), app=alters_incoming(alter)), name)
    assert found == {"IN-1": Verdict.FAILED, "OUT-1": Verdict.FAILED}


@pytest.mark.parametrize("name", INCOMING_ONLY)
def test_a_relay_that_alters_incoming_texts_fails_in_1_only(name: str) -> None:
    found = verdicts(Defect(app=alters_incoming(INCOMING_ONLY[name])), name)
    assert found == {"IN-1": Verdict.FAILED, "OUT-1": Verdict.PASSED}


def test_a_relay_that_alters_outgoing_texts_fails_out_1_only() -> None:
    found = verdicts(Defect(session=alters_outgoing(cut_at(160))), "cuts outgoing texts")
    assert found == {"IN-1": Verdict.PASSED, "OUT-1": Verdict.FAILED}


def test_a_relay_that_removes_blanks_where_rapidpro_does_so_itself_passes() -> None:
    found = verdicts(Defect(session=alters_outgoing(str.strip)), "strips outgoing texts")
    assert found == {"IN-1": Verdict.PASSED, "OUT-1": Verdict.PASSED}
