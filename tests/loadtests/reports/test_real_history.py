"""Readings of a history that the reference relay made in virtual time: CHT is away, and a quota is used up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

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


class Seen(NamedTuple):
    """The readings, and what the fake itself said was left of the scope `v2` at some moments."""

    readings: Readings
    left: Mapping[float, int]


@pytest.fixture(scope="module")
def seen() -> Seen:
    """Thirty texts are due at once; RapidPro allows twenty requests an hour; three people text in while CHT is away."""
    one = named("reference")
    fakes = InProcessFakes("26", 1)
    subject = one.make(fakes, 60)
    try:
        subject.start(fakes.neighbours)
        world, left = World(fakes, subject, VirtualTiming()), {}
        prepare(world, Question(DUE, QUOTA, outages=(OUTAGE,)))
        began = world.now()
        world.cht_sends_each([(world.people[f"patient {n}"], f"Reminder {n}") for n in range(DUE)])
        for seconds in (0, 30, 170, 1000, 2390, 60, 1800, 3000):
            world.pass_time(seconds)
            now = (world.now() - began).total_seconds()
            left[now] = left_of(world, "v2")
            if now == 200:
                for n in range(TEXTED):
                    world.person_texts(world.people[f"mother {n}"], f"I am ill {n}")
        history = world.history()
        rates = world.control.get("/rapidpro/rates")
        readings = Readings.of(
            run(history=history, exchanges=history.calls, began=began, ended=world.now(), rates=rates)
        )
        return Seen(readings, left)
    finally:
        subject.stop()
        fakes.close()


def left_of(world: World, scope: str) -> int:
    """What the fake RapidPro has left for the relay's token."""
    quotas = world.control.get("/rapidpro/quota")["scopes"]
    return next(int(one["left"]) for one in quotas if one["scope"] == scope and one["token"] == "relay")


def test_texts_of_people_wait_until_the_outage_is_over(seen: Seen) -> None:
    readings = seen.readings
    assert len(readings.incoming) == TEXTED
    for one in readings.incoming:
        assert one.begins == pytest.approx(200, abs=1)
        assert one.ends is not None
        assert OUTAGE.ends <= one.ends < OUTAGE.ends + 120


def test_texts_to_people_wait_until_there_is_quota(seen: Seen) -> None:
    readings = seen.readings
    assert len(readings.outgoing) == DUE
    waited = sorted(one.ends for one in readings.outgoing if one.ends is not None)
    assert len(waited) == DUE
    assert waited[QUOTA - 5] < 60
    assert 3600 <= waited[-1] < 3700


def test_the_quota_is_used_up_and_comes_back(seen: Seen) -> None:
    readings = seen.readings
    v2 = next(one for one in readings.scopes if one.name == "v2")
    assert v2.allowed == QUOTA
    assert v2.fewest()[0] == 0
    assert {at: v2.left(at) for at in seen.left} == seen.left
    assert set(seen.left.values()) > {0, QUOTA}
    for at in v2.granted:
        assert len([one for one in v2.granted if at - 3600 < one <= at]) <= QUOTA


def test_requests_that_failed_are_those_of_the_outage(seen: Seen) -> None:
    readings = seen.readings
    assert readings.failed_within("cht", OUTAGE.begins, OUTAGE.ends) > 0
    assert readings.failed_within("cht", OUTAGE.ends, readings.seconds) == 0
