"""Ordered lists hold the same rows as a plain sorted list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.rapidpro.store import ordered
from fakes.rapidpro.store.ordered import Merged, Ordered

START = datetime(2024, 10, 1, tzinfo=UTC)
Row = tuple[int, int]


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def key(row: Row) -> ordered.Key:
    return at(row[0]), row[1]


def numbered(seconds: list[int]) -> list[Row]:
    return [(second, number) for number, second in enumerate(seconds)]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered, "BLOCK", 3)


SECONDS = st.lists(st.integers(0, 12), max_size=40)
BOUND = st.none() | st.integers(-1, 13)


@given(SECONDS, BOUND, BOUND, st.sets(st.integers(0, 39)))
def test_rows_between_two_times_come_from_either_end_as_from_a_sorted_list(
    seconds: list[int], first: int | None, last: int | None, gone: set[int]
) -> None:
    rows = numbered(seconds)
    found = Ordered(key, ())
    for row in rows:
        found.add(row)
    for number in gone:
        if number < len(rows):
            found.remove(rows[number])
    left = sorted(row for row in rows if row[1] not in gone)
    expected = [row for row in left if (first is None or row[0] >= first) and (last is None or row[0] <= last)]
    after, before = (None if one is None else at(one) for one in (first, last))
    assert list(found.oldest(after, before)) == expected
    assert list(found.newest(after, before)) == expected[::-1]
    assert list(found) == left
    assert len(found) == len(left)
    assert [row for row in rows if row in found] == [row for row in rows if row[1] not in gone]


@given(SECONDS, SECONDS)
def test_two_lists_are_read_as_one(one: list[int], other: list[int]) -> None:
    rows = numbered(one + other)
    lists = [Ordered(key, rows[: len(one)]), Ordered(key, rows[len(one) :])]
    assert list(Merged(lists, key).oldest()) == sorted(rows)
    assert list(Merged(lists, key).newest()) == sorted(rows)[::-1]


def test_a_row_that_is_not_there_cannot_be_taken_out() -> None:
    found = Ordered(key, [(1, 1)])
    for row in ((1, 2), (0, 0), (5, 1)):
        with pytest.raises(KeyError):
            found.remove(row)


def test_a_row_whose_time_has_changed_is_taken_out_by_its_old_one() -> None:
    places = {"row": 1}
    found: Ordered[str] = Ordered(lambda _: (at(places["row"]), 0), ["row"])
    old = at(1), 0
    places["row"] = 9
    found.remove("row", old)
    assert list(found) == []
