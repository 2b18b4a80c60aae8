"""Sorted indexes: each row is in all the lists that it belongs to at the moment, each ordered by a time.

A new or changed row is only noted; its entries are updated when somebody reads, or when many rows are noted. So a
change costs the same however many rows there are, and a row that changes often is moved once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, Protocol, TypeVar

from fakes.rapidpro.store.ordered import Key, Ordered


class Numbered(Protocol):
    """A row with an id of its own."""

    @property
    def id(self) -> int: ...


Row = TypeVar("Row", bound=Numbered)
IndexName = Hashable
SortKey = Callable[[Any], Key]
Entry = tuple[Ordered[Any], Key]

BACKLOG = 5_000
"""How many changed rows may wait: whoever reads then waits for some hundredths of a second."""


class Indexes(Generic[Row]):
    """All indexes of one kind of row. `entries_of` returns the names of a row's indexes and the sort key of each."""

    __slots__ = ("_changed", "_entries", "_entries_of", "_indexes", "changes")

    def __init__(self, entries_of: Callable[[Row], Iterable[tuple[IndexName, SortKey]]]) -> None:
        self._entries_of = entries_of
        self._indexes: dict[IndexName, Ordered[Row]] = {}
        self._entries: dict[int, list[Entry]] = {}
        self._changed: dict[int, Row] = {}
        self.changes = 0
        """How often rows were added or changed: another number means that something is different."""

    def update(self, row: Row) -> None:
        """Note that the row is new, or that something has changed that its indexes depend on."""
        self._changed[row.id] = row
        self.changes += 1
        if len(self._changed) >= BACKLOG:
            self._apply()

    def of(self, name: IndexName) -> Ordered[Row] | None:
        """The index of that name; None if no row was ever in it."""
        if self._changed:
            self._apply()
        return self._indexes.get(name)

    def _apply(self) -> None:
        for row in self._changed.values():
            self._update_entries(row)
        self._changed.clear()

    def _update_entries(self, row: Row) -> None:
        entries = [(self._index(name, key), key(row)) for name, key in self._entries_of(row)]
        before = self._entries.get(row.id, [])
        if entries == before:
            return
        for index, key in before:
            index.remove(row, key)
        for index, _ in entries:
            index.add(row)
        self._entries[row.id] = entries

    def _index(self, name: IndexName, key: SortKey) -> Ordered[Row]:
        found = self._indexes.get(name)
        if found is None:
            found = self._indexes[name] = Ordered(key)
        return found
