"""Figures count what the relay asked, and nothing that others asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.checks.figures import calls_per_text, calls_to, most_calls_within
from conformance.history.model import History
from tests.conformance.checks.test_checks import RIGHT, call


def test_requests_of_others_and_calls_of_services_are_not_counted() -> None:
    others = {"authorization": "Token [hidden:rapidpro:dashboard]"}
    calls = (call(9), call(2), call(1, headers=others), call(1, direction="out"), call(1, service="cht"))
    assert [one.at.second for one in calls_to(History(calls=calls), "rapidpro")] == [2, 9]
    assert calls_per_text(replace(RIGHT, calls=calls), "cht") == 1
    assert calls_per_text(replace(RIGHT, calls=calls)) == 2


@pytest.mark.parametrize(
    ("moments", "most"),
    [
        ((), 0),
        ((5,), 1),
        ((0, 30, 60), 3),
        ((0, 30, 61), 2),
        ((0, 100, 101, 102, 300, 350), 3),
        ((300, 0, 301, 200, 299), 3),
    ],
)
def test_the_busiest_minute_is_found_wherever_it_begins(moments: tuple[float, ...], most: int) -> None:
    assert most_calls_within(History(calls=tuple(call(one) for one in moments)), "rapidpro", 60) == most
