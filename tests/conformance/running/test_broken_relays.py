"""The most valuable test of a harness: each broken relay is caught, under the right requirement."""

from __future__ import annotations

import pytest

from conformance.reports.report import Report
from conformance.requirements.catalogue import load, select
from conformance.running.runner import conform
from conformance.running.worlds import InProcessWorlds
from conformance.subjects.in_process import Build, reference
from conformance.verdicts import Verdict
from tests.broken.conduct import strangers
from tests.broken.every import every_broken_relay

CONTROL = ("IN-8", "OUT-2")
"""Requirements that these defects do not break: a suite that fails everything catches nothing."""
EXEMPT = {"never reports states", "never reports delivered", "goes backwards", *strangers()}
"""Their defects fail every scenario with a text in their direction."""


RATES = frozenset({"OUT-6", "QUOTA-3", "QUOTA-6"})
"""Requirements about how fast and how many: no event shows that they are broken."""


def without_decisive_event(report: Report) -> list[str]:
    """The failures of which the evidence does not point at what shows them."""
    return [
        f"{result.requirements}: {result.name}"
        for result in report.results
        if result.verdict is Verdict.FAILED and not RATES & set(result.requirements)
        if result.evidence is None or not any(event.decisive for event in result.evidence.events)
    ]


def judged(build: Build, name: str, *ids: str) -> Report:
    return conform(InProcessWorlds("26", 1, build, name), select(load(), ids))


@pytest.mark.parametrize("name", every_broken_relay())
def test_a_broken_relay_is_caught_under_the_right_requirement(name: str) -> None:
    broken = every_broken_relay()[name]
    control = () if name in EXEMPT or name.startswith("does not recognise") else CONTROL
    report = judged(broken.build, name, *broken.caught_by, *control)
    failed = {one.id for one in report.requirements if report.verdict(one) is Verdict.FAILED}
    assert not report.broken, report.broken
    assert failed == broken.caught_by, [(result.name, result.reason) for result in report.results]
    assert report.exit_status() == 1
    assert without_decisive_event(report) == []


def test_the_reference_relay_is_not_caught() -> None:
    ids = {id_ for broken in every_broken_relay().values() for id_ in broken.caught_by}
    report = judged(reference, "reference", *ids)
    assert {result.name: result.reason for result in report.results if result.verdict is not Verdict.PASSED} == {}
    assert report.exit_status() == 0
