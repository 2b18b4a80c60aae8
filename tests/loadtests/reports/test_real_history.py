"""Readings of a history that the reference relay made in virtual time: CHT is away, and a quota is used up."""

from __future__ import annotations

import pytest

from conformance.planning.question import Outage, Question
from conformance.planning.run import prepare
from conformance.services.in_process import InProcessFakes
from conformance.subjects.built_in import named
from conformance.world.timing import VirtualTiming
from conformance.world.world import World
from loadtests.reports.readings.of_run import Readings
from tests.loadtests.reports.examples import run

OUTAGE = Outage("cht", 100, 400)
QUOTA, DUE, TEXTED = 20, 30, 3


@pytest.fixture(scope="module")
def readings() -> Readings:
    """Thirty texts are due at once; RapidPro allows twenty requests an hour; three people text in while CHT is away."""
    one = named("reference")
    fakes = InProcessFakes("26", 1)
    subject = one.make(fakes, 60)
    try:
        subject.start(fakes.neighbours)
        world = World(fakes, subject, VirtualTiming())
        prepare(world, Question(DUE, QUOTA, outages=(OUTAGE,)))
        began = world.now()
        world.cht_sends_each([(world.people[f"patient {n}"], f"Reminder {n}") for n in range(DUE)])
        world.pass_time(200)
        for n in range(TEXTED):
            world.person_texts(world.people[f"mother {n}"], f"I am ill {n}")
        world.pass_time(2 * 3600)
        history = world.history()
        rates = world.control.get("/rapidpro/rates")
        return Readings.of(run(history=history, exchanges=history.calls, began=began, ended=world.now(), rates=rates))
    finally:
        subject.stop()
        fakes.close()


def test_texts_of_people_wait_until_the_outage_is_over(readings: Readings) -> None:
    assert len(readings.incoming) == TEXTED
    for one in readings.incoming:
        assert one.begins == pytest.approx(200, abs=1)
        assert one.ends is not None
        assert OUTAGE.ends <= one.ends < OUTAGE.ends + 120


def test_texts_to_people_wait_until_there_is_quota(readings: Readings) -> None:
    assert len(readings.outgoing) == DUE
    waited = sorted(one.ends for one in readings.outgoing if one.ends is not None)
    assert len(waited) == DUE
    assert waited[QUOTA - 5] < 60
    assert 3600 <= waited[-1] < 3700


def test_the_quota_is_used_up_and_comes_back(readings: Readings) -> None:
    v2 = next(one for one in readings.scopes if one.name == "v2")
    assert v2.allowed == QUOTA
    assert v2.fewest()[0] == 0
    assert v2.left(1800) == 0
    assert v2.left(readings.seconds) > 0
    for at in v2.granted:
        assert len([one for one in v2.granted if at - 3600 < one <= at]) <= QUOTA


def test_requests_that_failed_are_those_of_the_outage(readings: Readings) -> None:
    assert readings.failed_within("cht", OUTAGE.begins, OUTAGE.ends) > 0
    assert readings.failed_within("cht", OUTAGE.ends, readings.seconds) == 0
