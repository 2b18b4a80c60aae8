"""Lists of what changes: rows are where they belong whenever somebody looks, however often they changed meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.rapidpro.store import files
from fakes.rapidpro.store.files import By, Files, Name
from fakes.rapidpro.store.ordered import by_modification

START = datetime(2024, 10, 1, tzinfo=UTC)
NAMES = ("queued", "sent", "failed")


@dataclass(eq=False)
class Row:
    id: int
    status: str
    modified_on: datetime


def places(row: Row) -> list[tuple[Name, By]]:
    named: list[tuple[Name, By]] = [(row.status, by_modification)]
    return [*named, ("all", by_modification)] if row.status != "failed" else named


CHANGES = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(NAMES), st.integers(0, 5), st.booleans()), max_size=60)


@pytest.fixture(autouse=True)
def few_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BACKLOG", 4)


@given(CHANGES)
def test_files_hold_the_rows_that_belong_there_in_order(changes: list[tuple[int, str, int, bool]]) -> None:
    rows: dict[int, Row] = {}
    known: Files[Row] = Files(places)
    for number, status, second, looks in changes:
        row = rows.setdefault(number, Row(number, status, START))
        row.status, row.modified_on = status, START + timedelta(seconds=second)
        known.note(row)
        if looks:
            check(known, rows)
    check(known, rows)


def check(known: Files[Row], rows: dict[int, Row]) -> None:
    ordered = sorted(rows.values(), key=by_modification)
    for name in (*NAMES, "all"):
        expected = [row for row in ordered if name in dict(places(row))]
        assert list(known.of(name) or ()) == expected
    assert known.of("unheard of") is None


def test_so_many_rows_may_wait_and_no_more() -> None:
    placed: list[int] = []

    def told(row: Row) -> list[tuple[Name, By]]:
        placed.append(row.id)
        return places(row)

    known: Files[Row] = Files(told)
    rows = [Row(number, "queued", START) for number in range(4)]
    for row in (*rows[:3], *rows[:3]):
        known.note(row)
    assert placed == []
    known.note(rows[3])
    assert placed == [0, 1, 2, 3]
