"""Subjects in a plan: their times, their requests, and what is wrong with them."""

from __future__ import annotations

import pytest

from conformance.planning.plan import plan_for, quota_of
from conformance.planning.question import HOUR, Outage, Question
from conformance.planning.result import Plan, Planned, by_kind, milestones
from conformance.subjects.built_in import built_in, named, relay
from tests.broken.relays import broken_relays

SMALL = Question(60, quota=20)


def one(name: str, question: Question) -> Planned:
    (found,) = plan_for(question, [named(name)]).planned
    return found


def broken(name: str, question: Question = SMALL) -> tuple[Plan, Planned]:
    plan = plan_for(question, [relay(broken_relays()[name].build, name)])
    return plan, plan.planned[0]


def test_the_reference_needs_hardly_a_request_more_than_texts_and_is_as_quick_as_can_be() -> None:
    plan = plan_for(Question(1_000, quota=360, by=2 * HOUR + 60), [named("reference")])
    (reference,) = plan.planned
    assert plan.good()
    assert len(reference.out) == 1_000
    assert sum(reference.requests.values()) <= 1.05 * 1_000
    later = plan.later_than_best(reference)
    assert later is not None
    assert 0 <= later <= 3


def test_cht_sends_25_texts_a_minute_whatever_the_quota_is() -> None:
    plan = plan_for(Question(200, quota=3600), [named("cht-5.2")])
    (cht,) = plan.planned
    assert plan.good()
    assert 7 * 60 < cht.out[-1] - cht.out[0] < 8 * 60
    assert dict(cht.requests) == {"send": 200, "statuses": 200, "other": 0, "throttled": 0, "failed": 0}
    assert cht.cht_requests == 0


@pytest.mark.parametrize("name", list(built_in()))
def test_no_built_in_subject_is_ahead_of_the_best_possible(name: str) -> None:
    plan = plan_for(Question(30, quota=100, outages=(Outage("rapidpro", 0, 90), Outage("cht", 0, 60))), [named(name)])
    (planned,) = plan.planned
    assert planned.out, "nothing was sent"
    assert all(at >= best for at, best in zip(planned.out, plan.best, strict=False))


@pytest.mark.parametrize("name", ["reference", "cht-5.2"])
@pytest.mark.parametrize("service", ["rapidpro", "cht"])
def test_nothing_is_lost_or_sent_twice_when_a_service_is_down(name: str, service: str) -> None:
    begins, ends = 600.0, 1200.0
    found = one(name, Question(400, quota=3600, outages=(Outage(service, begins, ends),), tps=1))
    assert len(found.out) == 400
    assert set(by_kind(found.violations)) <= {"throttle-ignored"}
    if name == "cht-5.2":  # it can send only while both are up
        assert not any(begins + 30 < at < ends for at in found.out)
        assert any(at > ends for at in found.out)


def test_outages_that_overlap_are_one() -> None:
    outages = (Outage("cht", 0, 600), Outage("cht", 300, 1200))
    found = one("cht-5.2", Question(20, quota=100, outages=outages))
    assert len(found.out) == 20
    assert found.out[0] > 1200


def test_a_relay_that_calls_in_spite_of_a_429_is_found() -> None:
    plan, found = broken("ignores Retry-After")
    assert not plan.good()
    assert "throttle-ignored" in by_kind(found.violations)
    assert found.requests["throttled"] > 2


def test_a_relay_that_takes_few_texts_an_hour_is_late() -> None:
    plan, found = broken("stops at 25", Question(60, quota=100, by=HOUR))
    assert len(found.out) == 60
    assert not plan.good()
    assert plan.in_time(plan.best)


def test_texts_that_never_come_out_are_told_and_the_run_ends() -> None:
    plan = plan_for(Question(60, quota=200), [named("cht-4.4")])  # it does not know the status of RapidPro's answer
    (found,) = plan.planned
    assert len(found.out) < 60
    assert len(by_kind(found.violations)["lost"]) + found.unjudged == 60 - len(found.out)
    assert {"lost", "duplicated"} <= set(by_kind(found.violations))
    assert milestones(found.out, 60)["last"] is None
    assert plan.later_than_best(found) is None
    assert not plan.good()


def test_equal_questions_have_equal_answers() -> None:
    question = Question(60, quota=50, outages=(Outage("rapidpro", 30, 90),), seed=7)
    assert one("reference", question) == one("reference", question)
    assert one("cht-5.2", question) == one("cht-5.2", question)


def test_without_a_quota_each_version_has_its_own() -> None:
    assert [quota_of(Question(1, profile=name)) for name in ("9.0", "26")] == [36_000, 3600]
    assert quota_of(Question(1, quota=7, profile="26")) == 7
    assert plan_for(Question(1), [named("reference")]).quota == 3600
