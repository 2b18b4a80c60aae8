"""Lists page by page, by position in time and not by page number.

Source: Django REST framework's CursorPagination; the cursor is base64 of a query string: `o` offset among rows of equal
time, `r` backwards, `p` the time of the row it points to.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import parse_qs, urlencode

from fakes.rapidpro.api.http.filters import is_true
from fakes.rapidpro.api.http.wire import Call, ServerError, detail
from fakes.rapidpro.versions.profile import Profile

Row = TypeVar("Row")
PAGE_SIZE = 250
_FIRST, _LAST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)


class RowList(Protocol[Row]):
    """Rows in order of time, which can be read from either end."""

    def newest(self, *, older_than: datetime | None = None) -> Iterator[Row]:
        """Newest first, only rows strictly older than the given time."""
        ...

    def oldest(self, *, newer_than: datetime | None = None) -> Iterator[Row]:
        """Oldest first, only rows strictly newer than the given time."""
        ...

    def position(self, row: Row) -> datetime:
        """The time a row is ordered by."""
        ...


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list."""

    offset: int
    reverse: bool
    position: str | None

    def encode(self) -> str:
        parts: dict[str, str] = {}
        if self.offset:
            parts["o"] = str(self.offset)
        if self.reverse:
            parts["r"] = "1"
        if self.position is not None:
            parts["p"] = self.position
        return base64.b64encode(urlencode(parts).encode("ascii")).decode("ascii")


BEGINNING = Cursor(0, False, None)


def decode(text: str, max_cursor_offset: int) -> Cursor:
    """The cursor of a request, its offset at most `max_cursor_offset`. Refuses an invalid one with 404."""
    try:
        parts = parse_qs(base64.b64decode(text.encode("ascii")).decode("ascii"), keep_blank_values=True)
        offset = int(parts.get("o", ["0"])[0])
        reverse = bool(int(parts.get("r", ["0"])[0]))
    except (binascii.Error, ValueError):
        raise detail(404, "Invalid cursor") from None
    if offset < 0:
        raise detail(404, "Invalid cursor")
    return Cursor(min(offset, max_cursor_offset), reverse, parts.get("p", [None])[0])


def in_requested_order(listing: RowList[Row], call: Call) -> RowList[Row]:
    """The list, reversed if `reverse=` says so: lists by last change (ModifiedOnCursorPagination)."""
    return _Reversed(listing) if is_true(call.query.get("reverse", "")) else listing


@dataclass(frozen=True, slots=True)
class _Reversed(Generic[Row]):
    """A list in reverse order."""

    listing: RowList[Row]

    def newest(self, *, older_than: datetime | None = None) -> Iterator[Row]:
        return self.listing.oldest(newer_than=older_than)

    def oldest(self, *, newer_than: datetime | None = None) -> Iterator[Row]:
        return self.listing.newest(older_than=newer_than)

    def position(self, row: Row) -> datetime:
        return self.listing.position(row)


def page(listing: RowList[Row], call: Call, profile: Profile, show: Callable[[Row], Any]) -> dict[str, Any]:
    """One page as the API writes it: next, previous, results."""
    cursor_text = call.query.get("cursor")
    requested = decode(cursor_text, profile.max_cursor_offset) if cursor_text else None
    cursor = requested or BEGINNING
    found = list(islice(_from(listing, cursor), cursor.offset, cursor.offset + PAGE_SIZE + 1))
    if requested is None and len(found) <= PAGE_SIZE:  # the usual case: everything on one page
        return {"next": None, "previous": None, "results": [show(row) for row in found]}
    rows, more = found[:PAGE_SIZE], found[PAGE_SIZE:]
    if cursor.reverse:
        rows.reverse()
    view = _View(listing, rows, cursor, requested, _text(listing, more[0]) if more else None)
    following, preceding = view.next(), view.previous()
    return {
        "next": following and call.url_with_cursor(following.encode()),
        "previous": preceding and call.url_with_cursor(preceding.encode()),
        "results": [show(row) for row in rows],
    }


def empty_page(call: Call, profile: Profile) -> dict[str, Any]:
    """A page without rows; it has next and previous pages if the cursor says so."""
    if call.query.get("cursor"):
        return page(_Nothing(), call, profile, str)
    return {"next": None, "previous": None, "results": []}


class _Nothing:
    """A list without rows."""

    def newest(self, *, older_than: datetime | None = None) -> Iterator[Any]:  # noqa: ARG002 - there is nothing older
        return iter(())

    def oldest(self, *, newer_than: datetime | None = None) -> Iterator[Any]:  # noqa: ARG002 - there is nothing newer
        return iter(())

    def position(self, row: Any) -> datetime:
        raise LookupError(row)


def _from(listing: RowList[Row], cursor: Cursor) -> Iterator[Row]:
    if cursor is BEGINNING:
        return listing.newest()
    time = None if cursor.position is None else _time(cursor.position)
    return listing.oldest(newer_than=time) if cursor.reverse else listing.newest(older_than=time)


def _time(position: str) -> datetime:
    try:
        time = datetime.fromisoformat(position)
        return min(max(time if time.tzinfo else time.replace(tzinfo=UTC), _FIRST), _LAST)
    except (ValueError, OverflowError):
        raise ServerError from None


def _text(listing: RowList[Row], row: Row) -> str:
    return str(listing.position(row))


class _View:
    """A page's rows and the cursors of its next and previous pages."""

    def __init__(
        self, listing: RowList[Any], rows: Sequence[Any], cursor: Cursor, requested: Cursor | None, beyond: str | None
    ) -> None:
        self._positions = [_text(listing, row) for row in rows]
        self._cursor, self._requested = cursor, requested
        moved = cursor.position is not None or cursor.offset > 0
        forward = (beyond is not None, moved), (beyond, cursor.position)
        (self._has_next, self._has_previous), (self._after, self._before) = (
            forward if not cursor.reverse else ((moved, beyond is not None), (cursor.position, beyond))
        )

    def next(self) -> Cursor | None:
        """The cursor of the next page."""
        if not self._has_next:
            return None
        requested, found = self._requested, self._positions
        backwards = requested is not None and requested.reverse and requested.offset
        compare = found[-1] if found and backwards else self._after
        offset, position = _first_other(reversed(found), compare)
        if found and position is None:
            if not self._has_previous:
                offset, position = PAGE_SIZE, None
            elif self._cursor.reverse:
                offset, position = 0, self._before
            else:
                offset, position = self._cursor.offset + PAGE_SIZE, self._before
        return Cursor(offset, False, self._after if not found else position)

    def previous(self) -> Cursor | None:
        """The cursor of the previous page."""
        if not self._has_previous:
            return None
        requested, found = self._requested, self._positions
        forwards = requested is not None and not requested.reverse and requested.offset
        compare = found[0] if found and forwards else self._before
        offset, position = _first_other(iter(found), compare)
        if found and position is None:
            if not self._has_next:
                offset, position = PAGE_SIZE, None
            elif self._cursor.reverse:
                offset, position = self._cursor.offset + PAGE_SIZE, self._after
            else:
                offset, position = 0, self._after
        return Cursor(offset, True, self._before if not found else position)


def _first_other(positions: Iterator[str], compare: str | None) -> tuple[int, str | None]:
    """How many of the first positions equal their predecessor, and the first that does not."""
    for offset, position in enumerate(positions):
        if position != compare:
            return offset, position
        compare = position
    return 0, None
