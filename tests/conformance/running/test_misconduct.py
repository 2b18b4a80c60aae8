"""What a relay does on the way fails the requirement that is about it, in whichever scenario it was seen."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.checks import CONDUCT, names
from conformance.checks.violation import Violation
from conformance.evidence.model import Evidence
from conformance.requirements.catalogue import Requirement, load, select
from conformance.running.misconduct import SHOWN, Misconduct
from conformance.running.runner import conform
from conformance.running.worlds import InProcessWorlds
from conformance.verdicts import Verdict
from tests.broken.pieces import Defect
from tests.broken.relays import IgnoresRetryAfter, ShowsItsToken


def verdicts(build: Defect, *ids: str) -> dict[str, Verdict]:
    report = conform(InProcessWorlds("26", 1, build, "broken"), select(load(), ids))
    assert report.broken == []
    return {one.id: report.verdict(one) for one in report.requirements}


def test_each_check_of_conduct_belongs_to_one_requirement() -> None:
    assert sorted(check for one in load() for check in one.checks) == sorted(names(CONDUCT))


def test_a_text_that_arrives_is_not_held_against_a_relay_that_ignores_a_throttle() -> None:
    found = verdicts(Defect(IgnoresRetryAfter), "QUOTA-1", "QUOTA-2", "QUOTA-4")
    assert found == {"QUOTA-1": Verdict.PASSED, "QUOTA-2": Verdict.PASSED, "QUOTA-4": Verdict.FAILED}


def test_a_secret_is_found_in_a_scenario_about_something_else() -> None:
    report = conform(InProcessWorlds("26", 1, Defect(ShowsItsToken), "broken"), select(load(), ("OUT-2", "AUTH-5")))
    (seen,) = [one for one in report.results if one.verdict is Verdict.FAILED]
    assert seen.requirements == ("AUTH-5",)
    assert "A reminder becomes due" in seen.name + seen.reason
    assert report.exit_status() == 1


def test_what_belongs_to_no_judged_requirement_is_left_out() -> None:
    assert verdicts(Defect(ShowsItsToken), "OUT-2") == {"OUT-2": Verdict.PASSED}


def evidence_of(violations: Sequence[Violation]) -> Evidence:
    return Evidence(log=[str(violation) for violation in violations])


def test_many_findings_are_one_result_that_counts_them() -> None:
    gathered = Misconduct([Requirement("X-1", load()[0].level, "sentence", "source", ("noise",))])
    for number in range(SHOWN + 2):
        gathered.add(f"scenario {number}", ("OUT-1",), [Violation("noise", "noise", f"call {number}")], evidence_of)
    (result,) = gathered.results(lambda ids: " ".join(ids))
    assert result.name == f"seen in: scenario 0, and in {SHOWN + 1} other scenarios"
    assert result.reason.splitlines()[-1] == "and 2 more"
    assert result.repeat == "OUT-1 X-1"
    assert result.evidence is not None
    assert list(result.evidence.log) == ["noise: call 0"]  # of the first scenario alone
