"""Rows in files: lists in order of time, each row in the files that it belongs to at the moment.

A row that is new or has changed is only noted; it is put in its places when somebody reads, or when many are noted.
So a change costs the same however many rows there are, and a row that changes often is moved once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, Protocol, TypeVar

from fakes.rapidpro.store.ordered import Key, Ordered


class Numbered(Protocol):
    """A row with a number of its own."""

    @property
    def id(self) -> int: ...


Row = TypeVar("Row", bound=Numbered)
Name = Hashable
By = Callable[[Any], Key]
Place = tuple[Ordered[Any], Key]

BACKLOG = 5_000
"""Rows that may wait for being put in their places: whoever reads then waits for some hundredths of a second."""


class Files(Generic[Row]):
    """All files of one kind of rows. `places` tells the names of a row's files and what each is ordered by."""

    __slots__ = ("_changed", "_files", "_placed", "_places")

    def __init__(self, places: Callable[[Row], Iterable[tuple[Name, By]]]) -> None:
        self._places = places
        self._files: dict[Name, Ordered[Row]] = {}
        self._placed: dict[int, list[Place]] = {}
        self._changed: dict[int, Row] = {}

    def note(self, row: Row) -> None:
        """The row is new, or something has changed that decides about its places."""
        self._changed[row.id] = row
        if len(self._changed) >= BACKLOG:
            self._settle()

    def of(self, name: Name) -> Ordered[Row] | None:
        """The file of that name; none if no row was ever in it."""
        if self._changed:
            self._settle()
        return self._files.get(name)

    def _settle(self) -> None:
        for row in self._changed.values():
            self._place(row)
        self._changed.clear()

    def _place(self, row: Row) -> None:
        places = [(self._file(name, by), by(row)) for name, by in self._places(row)]
        before = self._placed.get(row.id, [])
        if places == before:
            return
        for ordered, key in before:
            ordered.remove(row, key)
        for ordered, _ in places:
            ordered.add(row)
        self._placed[row.id] = places

    def _file(self, name: Name, by: By) -> Ordered[Row]:
        found = self._files.get(name)
        if found is None:
            found = self._files[name] = Ordered(by)
        return found
