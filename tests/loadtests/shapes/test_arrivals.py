"""When the texts of a shape are sent: an open model, the same for the same seed, and handed out exactly once."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.driving.work import Work
from loadtests.shapes.arrivals import arrivals, share
from loadtests.shapes.model import Shape, Traffic
from loadtests.shapes.reading import built_in

TRAFFIC = st.builds(
    Traffic,
    who=st.sampled_from(["people", "cht"]),
    texts=st.integers(1, 30),
    begins=st.floats(0, 10),
    ends=st.floats(11, 50),
    spread=st.sampled_from(["once", "even", "random"]),
    times=st.integers(1, 3),
    every=st.floats(60, 100),
)
SHAPES = st.builds(Shape, name=st.just("a"), about=st.just("b"), traffic=st.lists(TRAFFIC, min_size=1).map(tuple))


@settings(deadline=None, max_examples=40)
@given(SHAPES, st.integers(0, 5))
def test_every_text_has_one_moment_within_the_shape_and_one_position(shape: Shape, seed: int) -> None:
    found = arrivals(shape, seed)
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert all(0 <= one.at <= shape.seconds for one in found)
    for who, count in (("people", shape.texts_in), ("cht", shape.texts_out)):
        assert [one.position for one in found if one.who == who] == list(range(count))
    assert arrivals(shape, seed) == found


@settings(deadline=None, max_examples=40)
@given(SHAPES, st.integers(1, 7))
def test_no_text_is_made_twice_by_several_workers_and_none_is_forgotten(shape: Shape, workers: int) -> None:
    all_of_them = arrivals(shape, 1)
    shares = [share(all_of_them, worker, workers) for worker in range(workers)]
    together = [one for part in shares for one in part]
    handed_out = sorted(together, key=lambda one: (one.at, one.who, one.position))
    one_by_one = [one for one in all_of_them if not one.bulk]
    assert handed_out == sorted(one_by_one, key=lambda one: (one.at, one.who, one.position))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_reminders_that_become_due_together_are_sent_in_bulk() -> None:
    found = arrivals(built_in()["reminder_morning"], 1)
    assert {one.who for one in found if one.bulk} == {"cht"}
    assert sum(one.bulk for one in found) == 2000


def test_texts_of_a_follow_up_come_every_day_for_13_days() -> None:
    found = arrivals(built_in()["two_way_followup"], 1)
    days = [int(one.at // 86_400) for one in found if one.who == "cht"]
    assert [days.count(day) for day in range(13)] == [362] * 13


def test_a_worker_gets_its_moments_in_real_seconds() -> None:
    shape = built_in()["outage_and_catch_up"]
    work = Work(shape.as_json(), 1, "", "", ("", ""), "", "", run="12345678-1234-4234-8234-123456789012")
    assert max(one.at for one in work.own()) <= 240
    assert max(one.at for one in arrivals(shape, 1)) > 14_000


def test_ids_of_texts_differ_by_run_direction_and_position() -> None:
    one, other = ("12345678-1234-4234-8234-123456789012", "12345678-1234-4234-8234-123456789013")
    ids = {
        Work({}, 1, "", "", ("", ""), "", "", run=run).id_of(who, position)
        for run in (one, other)
        for who in ("people", "cht")
        for position in (0, 1)
    }
    assert len(ids) == 8


@pytest.mark.parametrize("name", ["steady_day", "soak"])
def test_random_moments_do_not_come_at_equal_distances(name: str) -> None:
    moments = [one.at for one in arrivals(built_in()[name], 1) if one.who == "cht"][:200]
    distances = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert max(distances) > 5 * min(distances)
