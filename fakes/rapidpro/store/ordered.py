"""Rows in the order in which lists show them, found by time without a full scan."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

Row = TypeVar("Row")
Row_co = TypeVar("Row_co", covariant=True)
Key = tuple[datetime, int]

BLOCK = 512
"""Rows per block. Adding or removing a row takes the time of one block, however many blocks there are."""
_HIGHEST = 2**63


class Timed(Protocol[Row_co]):
    """Rows in order of a time, which can be read from either end."""

    def newest(self, after: datetime | None = None, before: datetime | None = None) -> Iterator[Row_co]:
        """The rows between two times, both included, newest first."""
        ...

    def oldest(self, after: datetime | None = None, before: datetime | None = None) -> Iterator[Row_co]:
        """The rows between two times, both included, oldest first."""
        ...


class Ordered(Generic[Row]):
    """Rows by (time, number); numbers are unique. Adding the newest row, the usual case, is cheap.

    Keys are stored apart from rows: the garbage collector does not track tuples of atomic values.
    """

    __slots__ = ("_count", "_key", "_keys", "_lasts", "_rows")

    def __init__(self, key: Callable[[Row], Key], rows: Iterable[Row] = ()) -> None:
        self._key = key
        self._keys: list[list[Key]] = []
        self._rows: list[list[Row]] = []
        self._lasts: list[Key] = []
        self._count = 0
        for row in sorted(rows, key=key):
            self.add(row)

    def add(self, row: Row) -> None:
        """Insert a row at its place."""
        key = self._key(row)
        self._count += 1
        if not self._lasts or key > self._lasts[-1]:
            self._append(key, row)
            return
        block = bisect_left(self._lasts, key)
        keys, rows = self._keys[block], self._rows[block]
        place = bisect_left(keys, key)
        keys.insert(place, key)
        rows.insert(place, row)
        if len(keys) > 2 * BLOCK:
            self._keys[block : block + 1] = [keys[:BLOCK], keys[BLOCK:]]
            self._rows[block : block + 1] = [rows[:BLOCK], rows[BLOCK:]]
            self._lasts.insert(block, keys[BLOCK - 1])

    def _append(self, key: Key, row: Row) -> None:
        if not self._keys or len(self._keys[-1]) >= BLOCK:
            self._keys.append([key])
            self._rows.append([row])
            self._lasts.append(key)
        else:
            self._keys[-1].append(key)
            self._rows[-1].append(row)
            self._lasts[-1] = key

    def remove(self, row: Row, key: Key | None = None) -> None:
        """Remove a row; `key` is the one it was added with, if that has changed since. Raises KeyError."""
        block, place = self._find(key or self._key(row))
        if block == len(self._keys) or self._rows[block][place] is not row:
            raise KeyError(row)
        self._count -= 1
        keys = self._keys[block]
        del keys[place], self._rows[block][place]
        if keys:
            self._lasts[block] = keys[-1]
        else:
            del self._keys[block], self._rows[block], self._lasts[block]

    def _find(self, key: Key) -> tuple[int, int]:
        """Block and place of the first row from `key` on; behind the last block if there is no such row."""
        block = bisect_left(self._lasts, key)
        return block, 0 if block == len(self._keys) else bisect_left(self._keys[block], key)

    def newest(self, after: datetime | None = None, before: datetime | None = None) -> Iterator[Row]:
        """The rows between two times, both included, newest first."""
        first, start = (0, 0) if after is None else self._find((after, -1))
        last, end = (len(self._keys), 0) if before is None else self._find((before, _HIGHEST))
        for block in range(min(last, len(self._keys) - 1), first - 1, -1):
            rows = self._rows[block]
            yield from reversed(rows[start if block == first else 0 : end if block == last else None])

    def oldest(self, after: datetime | None = None, before: datetime | None = None) -> Iterator[Row]:
        """The rows between two times, both included, oldest first."""
        block, start = (0, 0) if after is None else self._find((after, -1))
        last, end = (len(self._keys), 0) if before is None else self._find((before, _HIGHEST))
        for number in range(block, min(last, len(self._keys) - 1) + 1):
            yield from self._rows[number][start if number == block else 0 : end if number == last else None]

    def __len__(self) -> int:
        return self._count

    def __contains__(self, row: Row) -> bool:
        block, place = self._find(self._key(row))
        return block < len(self._keys) and self._rows[block][place] is row

    def __iter__(self) -> Iterator[Row]:
        return self.oldest()


class Merged(Generic[Row]):
    """Several ordered lists read as one; `key` is what they are ordered by."""

    __slots__ = ("_key", "_lists")

    def __init__(self, lists: Sequence[Timed[Row]], key: Callable[[Row], Key]) -> None:
        self._lists = lists
        self._key = key

    def newest(self, after: datetime | None = None, before: datetime | None = None) -> Iterator[Row]:
        """The rows between two times, both included, newest first."""
        return heapq.merge(*(one.newest(after, before) for one in self._lists), key=self._key, reverse=True)

    def oldest(self, after: datetime | None = None, before: datetime | None = None) -> Iterator[Row]:
        """The rows between two times, both included, oldest first."""
        return heapq.merge(*(one.oldest(after, before) for one in self._lists), key=self._key)


def by_creation(row: Any) -> Key:
    """The key that most lists are ordered by."""
    return row.created_on, row.id


def by_modification(row: Any) -> Key:
    """The key that lists of changing rows are ordered by."""
    return row.modified_on, row.id


def modified(row: Any) -> datetime:
    """The time in that key."""
    found: datetime = row.modified_on
    return found
