"""The best possible: never more than RapidPro grants, and nothing that could be earlier."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.planning.best import best_requests, best_times, smallest_quota
from conformance.planning.question import HOUR, Outage
from fakes.clock import VirtualClock
from fakes.rapidpro.api.http.throttle import Throttle
from fakes.rapidpro.api.http.wire import ApiError

MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
FAST = 1_000_000
"""A channel that delays nothing: a text is out when RapidPro has accepted it."""
OUTAGES = st.lists(
    st.builds(
        lambda service, begins, lasts: Outage(service, begins, begins + lasts),
        st.sampled_from(["rapidpro", "cht"]),
        st.integers(0, 3 * HOUR),
        st.integers(1, 2 * HOUR),
    ),
    max_size=3,
)


@pytest.mark.parametrize(
    ("texts", "quota", "tps", "outages", "last"),
    [
        (10, 100, 10, [], 0),
        (11, 100, 10, [], 1),
        (100, 100, 10, [], 9),
        (101, 100, 10, [], HOUR),
        (10_000, 3600, 10, [], 2 * HOUR + 279),
        (10_000, 2500, 10, [], 3 * HOUR + 249),
        (250, 100, FAST, [Outage("rapidpro", 0, 600)], 600 + 2 * HOUR),
        (250, 100, FAST, [Outage("rapidpro", 600, 900)], 2 * HOUR),
        (250, 100, FAST, [Outage("rapidpro", HOUR - 600, HOUR + 600)], 2 * HOUR + 600),
        (250, 100, FAST, [Outage("rapidpro", HOUR, HOUR + 9), Outage("rapidpro", HOUR + 9, HOUR + 20)], 2 * HOUR + 20),
        (250, 100, FAST, [Outage("cht", 0, 600)], 600 + 2 * HOUR),
        (250, 100, FAST, [Outage("cht", 60, 3 * HOUR)], 2 * HOUR),
        (1, 1, 1, [Outage("cht", 0, 60), Outage("rapidpro", 60, 90)], 90),
    ],
)
def test_the_last_text_is_out_when_quota_channel_and_outages_let_it(
    texts: int, quota: int, tps: int, outages: list[Outage], last: float
) -> None:
    assert best_times(texts, quota, HOUR, tps, outages)[-1] == last


@settings(max_examples=60, deadline=None)
@given(texts=st.integers(1, 120), quota=st.integers(1, 50), outages=OUTAGES)
def test_rapidpro_grants_every_request_and_would_not_grant_one_a_moment_earlier(
    texts: int, quota: int, outages: list[Outage]
) -> None:
    clock = VirtualClock(MONDAY)
    throttle = Throttle(clock, {"v2": f"{quota}/hour"})
    down = [(one.begins, one.ends) for one in outages if one.service == "rapidpro"]
    opened = {ends for _, ends in down} | {one.ends for one in outages if one.service == "cht"} | {0}
    for moment in best_times(texts, quota, HOUR, FAST, outages):
        assert not any(begins <= moment < ends for begins, ends in down)
        if moment not in opened and clock.timestamp() < MONDAY.timestamp() + moment:
            clock.advance_to(MONDAY + timedelta(seconds=moment - 0.001))
            with pytest.raises(ApiError):
                throttle.grant("v2", "workspace", {})
        clock.advance_to(MONDAY + timedelta(seconds=moment))
        throttle.grant("v2", "workspace", {})


@settings(max_examples=60, deadline=None)
@given(texts=st.integers(1, 200), quota=st.integers(1, 80), tps=st.integers(1, 9), outages=OUTAGES)
def test_the_channel_sends_no_more_in_a_second_than_it_can_and_never_waits_without_need(
    texts: int, quota: int, tps: int, outages: list[Outage]
) -> None:
    accepted = best_times(texts, quota, HOUR, FAST, outages)
    out = best_times(texts, quota, HOUR, tps, outages)
    sent = Counter(int(moment) for moment in out)
    assert max(sent.values()) <= tps
    assert out == sorted(out)
    for before, after in zip(accepted, out, strict=True):
        assert after >= before
        if after > before:  # it waited: the second before was full
            assert sent[int(after) - 1] == tps


@settings(max_examples=40, deadline=None)
@given(texts=st.integers(2, 60), within=st.integers(0, 6 * HOUR), outages=OUTAGES)
def test_the_smallest_quota_is_enough_and_one_less_is_not(texts: int, within: int, outages: list[Outage]) -> None:
    found = smallest_quota(texts, within, HOUR, 10, outages)
    if found is None:
        assert best_times(texts, texts, HOUR, 10, outages)[-1] > within
        return
    assert best_times(texts, found, HOUR, 10, outages)[-1] <= within
    assert found == 1 or best_times(texts, found - 1, HOUR, 10, outages)[-1] > within


def test_the_fewest_requests_are_one_for_each_text_and_one_for_each_page_of_statuses() -> None:
    assert [best_requests(texts) for texts in (1, 250, 251, 10_000)] == [2, 251, 253, 10_040]
