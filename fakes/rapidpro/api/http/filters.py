"""Parameters of lists: numbers, UUIDs, times. Source: rapidpro temba/api/v2/views.py, temba/api/v2/views_base.py."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from fakes.rapidpro.api.http.wire import Call, ServerError, detail, parse_lists
from fakes.rapidpro.store.ordered import Timed
from fakes.rapidpro.versions.profile import Profile

Row = TypeVar("Row")
MAX_UUIDS = 100
TICK = timedelta(microseconds=1)


def integer(call: Call, name: str) -> int | None:
    """A number; None if it is missing or 0. Refuses anything else."""
    value = call.query.get(name)
    if value is None:
        return None
    try:
        return int(value) or None
    except ValueError:
        raise detail(400, f"Value for {name} must be an integer") from None


def uuid(call: Call, name: str, profile: Profile) -> str | None:
    """A UUID in any of its forms, or None; refuses an invalid or empty one.

    Of several the first counts; before v10.1 the last, and only that one is checked.
    """
    value = call.query.get(name)
    if value is None:
        return None
    values = parse_lists(call.environ.get("QUERY_STRING", ""))[name] if profile.validates_uuids else [value]
    return uuids_of(values, name, profile)[0]


def requested_uuid(call: Call, profile: Profile, *, typed: bool) -> str | None:
    """The `uuid=` of a POST or DELETE, or None. An invalid one matches no object; from v10.1 it is refused.

    `typed`: the column has the type UUID, so that any form of a UUID matches and an invalid one is a server error.
    """
    value = call.query.get("uuid")
    if value is None:
        return None
    if profile.validates_uuids:
        found = uuids_of([value], "uuid", profile)[0]
        return found if typed else value
    if "\x00" in value:
        raise ServerError
    return as_stored_uuid(value) if typed else value


def as_stored_uuid(value: str) -> str:
    """A UUID as the database stores it. ServerError for an invalid one, where nothing checks it before."""
    try:
        return str(uuids.UUID(value))
    except ValueError:
        raise ServerError from None


def creates_despite_uuid(call: Call, profile: Profile, find: Callable[[str], Any], model: str) -> bool:
    """Whether `uuid=` names an existing object where changes are not offered. Refuses an unknown UUID.

    RapidPro creates a new object and answers as if it had changed the old one (temba/api/views.py, WriteAPIMixin).
    """
    uuid = requested_uuid(call, profile, typed=True)
    if uuid is None:
        return False
    if find(uuid) is None:
        raise detail(404, profile.not_found_text.format(model=model))
    return True


def uuids_of(values: Sequence[str], name: str, profile: Profile) -> list[str]:
    """Several UUIDs. Refuses them if one is invalid, or if there are too many."""
    if len(values) > MAX_UUIDS:
        raise detail(400, f"Param '{name}' can have a maximum of {MAX_UUIDS} values.")
    found = []
    for value in values:
        try:
            found.append(str(uuids.UUID(value)))
        except ValueError:
            raise detail(400, profile.invalid_uuid_text.format(name=name, value=value)) from None
    return found


def is_true(value: str) -> bool:
    """Whether a parameter means yes."""
    return value.lower() in ("true", "y", "yes", "1")


def refuse_nul(call: Call, names: Sequence[str]) -> None:
    """ServerError if a text parameter contains NUL, which the database does not accept."""
    if "%00" in call.environ.get("QUERY_STRING", "") and any("\x00" in call.query.get(name, "") for name in names):
        raise ServerError


def refuse_combination(call: Call, names: Sequence[str]) -> None:
    """Refuse mutually exclusive parameters; empty ones do not count."""
    if len(call.query) > 1 and sum(1 for name in names if call.query.get(name)) > 1:
        raise detail(400, f"You may only specify one of the {', '.join(names)} parameters")


@dataclass(slots=True)
class FilteredRows(Generic[Row]):
    """The rows of an ordered list between two times that pass a test, as `pages` reads them."""

    rows: Timed[Row]
    keep: Callable[[Row], bool] | None = None
    after: datetime | None = None
    before: datetime | None = None
    time: Callable[[Row], datetime] = lambda row: row.created_on  # type: ignore[attr-defined]

    def newest(self, *, older_than: datetime | None = None) -> Iterator[Row]:
        before = self.before if older_than is None else _earlier(self.before, older_than - TICK)
        return self._kept(self.rows.newest(self.after, before))

    def oldest(self, *, newer_than: datetime | None = None) -> Iterator[Row]:
        after = self.after if newer_than is None else _later(self.after, newer_than + TICK)
        return self._kept(self.rows.oldest(after, self.before))

    def position(self, row: Row) -> datetime:
        return self.time(row)

    def _kept(self, rows: Iterable[Row]) -> Iterator[Row]:
        return iter(rows) if self.keep is None else filter(self.keep, rows)


def time_of_number(number: int) -> datetime:
    """A time that orders rows without a time by their number."""
    return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=number)


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
