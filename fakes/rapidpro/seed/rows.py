"""What rows of a seed share: references to each other, times and date styles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from fakes.rapidpro.store.rows import Contact, Named, Workspace
from fakes.rapidpro.store.store import Store

DATE_STYLES = ("day_first", "month_first", "year_first")


class SeedRows:
    """The store that a seed fills, and the look-up of what rows refer to. KeyError or ValueError if it is missing."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._known: dict[int, dict[str, Any]] = {}

    def space(self, row: Mapping[str, Any]) -> Workspace:
        """The workspace of a row."""
        return self.store.workspace_by_id[row["workspace"]]

    def people(self, row: Mapping[str, Any]) -> list[Contact]:
        """The contacts that a row refers to."""
        return [self.store.contacts[uuid] for uuid in row.get("contacts") or ()]

    def groups(self, row: Mapping[str, Any]) -> list[Named]:
        """The groups that a row refers to."""
        return [one for uuid in row.get("groups") or () for one in self.store.groups if one.uuid == uuid]

    def by_uuid(self, rows: list[Any], uuid: str | None) -> Any:
        """The row with that UUID; None for None. ValueError for an unknown UUID."""
        if uuid is None:
            return None
        known = self._known.get(id(rows))
        if known is None or len(known) != len(rows):
            known = self._known[id(rows)] = {row.uuid: row for row in rows}
        if uuid not in known:
            raise ValueError(f"unknown UUID {uuid}")
        return known[uuid]


def date_style(value: Any) -> str:
    """A workspace's date style. ValueError for an unknown one."""
    if value not in DATE_STYLES:
        raise ValueError(f"date_style: expected one of {', '.join(DATE_STYLES)}, got {value!r}")
    return str(value)


@lru_cache(maxsize=4096)
def moment(text: str) -> datetime:
    """A time of a seed."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no time zone: write 2024-10-01T08:00:00Z")
    return found
