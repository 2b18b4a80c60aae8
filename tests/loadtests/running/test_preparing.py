"""Quota and channel when time is compressed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.rapidpro.api.http.throttle import parse_rate
from loadtests.running.preparing import compressed_channel, rate_of
from loadtests.shapes.model import UNLIMITED


@pytest.mark.parametrize(
    ("compressed", "rate"),
    [(1, "3600/hour"), (60, "3600/minute"), (3600, "3600/second"), (30, "1800/minute"), (600, "600/second")],
)
def test_a_quota_is_compressed_into_a_period_that_rapidpro_has(compressed: float, rate: str) -> None:
    assert rate_of(3600, compressed) == rate


@given(st.integers(100, 100_000), st.floats(1, 3600))
def test_as_many_requests_are_allowed_in_the_same_share_of_the_time(quota: int, compressed: float) -> None:
    allowed, seconds = parse_rate(rate_of(quota, compressed))
    assert seconds <= 3600 / compressed * 1.002 or seconds == 1
    wanted = quota / 3600 * compressed
    assert allowed / seconds == pytest.approx(wanted, abs=1.0 / seconds)


def test_no_quota_stays_none() -> None:
    assert rate_of(UNLIMITED, 60) == f"{UNLIMITED}/hour"


def test_a_channel_is_quicker_by_as_much() -> None:
    settings = {"tps": 10, "delays": {"sent": 4.0, "retries": [300, 600]}, "shares": {"failed": 0.1}}
    assert compressed_channel(settings, 10) == {
        "tps": 100, "delays": {"sent": 0.4, "retries": [30, 60]}, "shares": {"failed": 0.1},
    }  # fmt: skip
