"""Rows in the order in which lists show them, found by time without looking at all of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")
Key = tuple[datetime, int]


class Ordered(Generic[Row]):
    """Rows by (time, number), oldest first. Adding the newest, the usual case, costs nothing."""

    __slots__ = ("_key", "_keys", "rows")

    def __init__(self, key: Callable[[Row], Key], rows: Iterable[Row] = ()) -> None:
        self._key = key
        self.rows: list[Row] = sorted(rows, key=key)
        self._keys: list[Key] = [key(row) for row in self.rows]

    def add(self, row: Row) -> None:
        """Put a row in its place."""
        key = self._key(row)
        if not self._keys or key > self._keys[-1]:
            self._keys.append(key)
            self.rows.append(row)
            return
        place = bisect_right(self._keys, key)
        self._keys.insert(place, key)
        self.rows.insert(place, row)

    def remove(self, row: Row) -> None:
        """Take a row out, before what it is ordered by changes."""
        place = bisect_left(self._keys, self._key(row))
        while self.rows[place] is not row:
            place += 1
        del self._keys[place], self.rows[place]

    def newest(self, after: datetime | None = None, before: datetime | None = None) -> Iterator[Row]:
        """The rows between two times, both included, newest first."""
        first = 0 if after is None else bisect_left(self._keys, (after, -1))
        last = len(self._keys) if before is None else bisect_right(self._keys, (before, _HIGHEST))
        for place in range(last - 1, first - 1, -1):
            yield self.rows[place]

    def oldest(self, after: datetime | None = None, before: datetime | None = None) -> Iterator[Row]:
        """The rows between two times, both included, oldest first."""
        first = 0 if after is None else bisect_left(self._keys, (after, -1))
        last = len(self._keys) if before is None else bisect_right(self._keys, (before, _HIGHEST))
        for place in range(first, last):
            yield self.rows[place]

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, row: Row) -> bool:
        key = self._key(row)
        place = bisect_left(self._keys, key)
        return place < len(self._keys) and self._keys[place] == key and self.rows[place] is row

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)


_HIGHEST = 2**63
