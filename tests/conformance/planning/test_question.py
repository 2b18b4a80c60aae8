"""Times of day and outages as people write them."""

from __future__ import annotations

import pytest

from conformance.planning.question import (
    HOUR,
    BadQuestion,
    Outage,
    merged,
    read_outage,
    seconds_until,
    shown_time,
    time_of_day,
)

SEVEN = 7 * HOUR


@pytest.mark.parametrize("text", ["7:00", "07:60", "24:00", "0700", "07:00:00", "", "seven", "٠٧:٠٠"])
def test_a_time_of_day_that_cannot_be_read_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadQuestion, match="expected a time of day such as 07:00, got"):
        time_of_day(text)


@pytest.mark.parametrize(
    ("start", "text", "begins", "ends"),
    [
        ("07:00", "rapidpro:08:00-08:30", HOUR, 1.5 * HOUR),
        ("07:00", "rapidpro:07:00-07:30", 0, HOUR / 2),
        ("07:00", "cht:06:30-07:30", 0, HOUR / 2),
        ("18:00", "cht:01:00-02:00", 7 * HOUR, 8 * HOUR),
        ("18:00", "cht:23:30-00:30", 5.5 * HOUR, 6.5 * HOUR),
        ("07:00", "cht:06:00-07:00", 23 * HOUR, 24 * HOUR),
    ],
)
def test_an_outage_is_counted_from_the_start(start: str, text: str, begins: float, ends: float) -> None:
    found = read_outage(text, time_of_day(start))
    assert found == Outage(text.split(":")[0], begins, ends)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("08:00-08:30", "expected an outage such as"),
        ("phone:08:00-08:30", "expected an outage such as"),
        ("rapidpro:08:00", "expected an outage such as"),
        ("rapidpro:08:00-8:30", "expected a time of day"),
        ("rapidpro:08:00-08:00", "ends after it begins"),
        ("", "expected an outage such as"),
    ],
)
def test_an_outage_that_cannot_be_read_is_refused_with_an_example(text: str, sentence: str) -> None:
    with pytest.raises(BadQuestion, match=sentence):
        read_outage(text, SEVEN)


def test_a_time_that_is_not_later_than_the_start_is_one_of_the_next_day() -> None:
    assert seconds_until(time_of_day("09:00"), SEVEN) == 2 * HOUR
    assert seconds_until(time_of_day("06:00"), SEVEN) == 23 * HOUR
    assert seconds_until(SEVEN, SEVEN) == 24 * HOUR


def test_moments_are_shown_as_times_of_day_with_the_days_that_have_passed() -> None:
    assert shown_time(0, SEVEN) == "07:00:00"
    assert shown_time(HOUR + 61.9, SEVEN) == "08:01:01"
    assert shown_time(17 * HOUR, SEVEN) == "00:00:00 +1 d"
    assert shown_time(50 * HOUR, SEVEN) == "09:00:00 +2 d"


def test_spans_that_overlap_or_touch_become_one() -> None:
    assert list(merged([(5, 6), (0, 2), (1, 3), (3, 4)])) == [(0, 4), (5, 6)]
    assert list(merged([])) == []
