"""Indexes of changing rows: every read finds each row in its right place, however often the row changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.rapidpro.store import indexes
from fakes.rapidpro.store.indexes import Indexes, IndexName, SortKey
from fakes.rapidpro.store.ordered import by_modification

START = datetime(2024, 10, 1, tzinfo=UTC)
NAMES = ("queued", "sent", "failed")


@dataclass(eq=False)
class Row:
    id: int
    status: str
    modified_on: datetime


def entries(row: Row) -> list[tuple[IndexName, SortKey]]:
    named: list[tuple[IndexName, SortKey]] = [(row.status, by_modification)]
    return [*named, ("all", by_modification)] if row.status != "failed" else named


CHANGES = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(NAMES), st.integers(0, 5), st.booleans()), max_size=60)


@pytest.fixture(autouse=True)
def few_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "BACKLOG", 4)


@given(CHANGES)
def test_indexes_hold_their_rows_in_order(changes: list[tuple[int, str, int, bool]]) -> None:
    rows: dict[int, Row] = {}
    known: Indexes[Row] = Indexes(entries)
    for number, status, second, looks in changes:
        row = rows.setdefault(number, Row(number, status, START))
        row.status, row.modified_on = status, START + timedelta(seconds=second)
        known.update(row)
        if looks:
            check(known, rows)
    check(known, rows)


def check(known: Indexes[Row], rows: dict[int, Row]) -> None:
    ordered = sorted(rows.values(), key=by_modification)
    for name in (*NAMES, "all"):
        expected = [row for row in ordered if name in dict(entries(row))]
        assert list(known.of(name) or ()) == expected
    assert known.of("unknown") is None


def test_a_full_backlog_is_applied_at_once() -> None:
    updated: list[int] = []

    def counted(row: Row) -> list[tuple[IndexName, SortKey]]:
        updated.append(row.id)
        return entries(row)

    known: Indexes[Row] = Indexes(counted)
    rows = [Row(number, "queued", START) for number in range(4)]
    for row in (*rows[:3], *rows[:3]):
        known.update(row)
    assert updated == []
    known.update(rows[3])
    assert updated == [0, 1, 2, 3]
