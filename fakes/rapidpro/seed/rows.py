"""What rows of a seed have in common: how they name each other, and how they write times and dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from fakes.rapidpro.store.rows import Contact, Named, Workspace
from fakes.rapidpro.store.store import Store

DATE_STYLES = ("day_first", "month_first", "year_first")


class SeedRows:
    """The store that a seed fills, and what rows name in it. KeyError or ValueError for what is not there."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._known: dict[int, dict[str, Any]] = {}

    def space(self, row: Mapping[str, Any]) -> Workspace:
        """The workspace a row is of."""
        return self.store.workspace_by_id[row["workspace"]]

    def people(self, row: Mapping[str, Any]) -> list[Contact]:
        """The contacts a row names."""
        return [self.store.contacts[uuid] for uuid in row.get("contacts") or ()]

    def groups(self, row: Mapping[str, Any]) -> list[Named]:
        """The groups a row names."""
        wanted = row.get("groups") or ()
        return [one for uuid in wanted for one in self.store.groups if one.uuid == uuid]

    def by_uuid(self, rows: list[Any], uuid: str | None) -> Any:
        """One of some rows; none for none. ValueError for a UUID that nothing has."""
        if uuid is None:
            return None
        known = self._known.get(id(rows))
        if known is None or len(known) != len(rows):
            known = self._known[id(rows)] = {row.uuid: row for row in rows}
        if uuid not in known:
            raise ValueError(f"nothing has the UUID {uuid}")
        return known[uuid]


def date_style(given: Any) -> str:
    """How a workspace writes dates. ValueError for a way that is none."""
    if given not in DATE_STYLES:
        raise ValueError(f"date_style: expected one of {', '.join(DATE_STYLES)}, got {given!r}")
    return str(given)


@lru_cache(maxsize=4096)
def moment(text: str) -> datetime:
    """A time of a seed."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no time zone: write 2024-10-01T08:00:00Z")
    return found
