"""Fills a store from a seed: the data that RapidPro holds when a world begins.

The shape is that of the recordings' setup: lists of workspaces, users, channels, contacts and so on, tokens by name.
"""

from __future__ import annotations

import uuid as uuids
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from fakes.rapidpro.rows import (
    ROLES,
    Broadcast,
    Channel,
    Contact,
    Field,
    Flow,
    FlowStart,
    Global,
    Message,
    Named,
    Run,
    Token,
    User,
    Workspace,
)
from fakes.rapidpro.state import Store
from fakes.service import SeedError

DATE_STYLES = ("day_first", "month_first", "year_first")
NEEDED = ("workspaces", "users", "tokens")
LISTS = (
    "workspaces", "users", "channels", "fields", "contacts", "groups", "labels", "flows", "globals", "broadcasts",
    "messages", "flow_starts", "runs",
)  # fmt: skip


def plant(given: Mapping[str, Any], store: Store) -> None:
    """Fill an empty store. Raises SeedError; the store is then of no use."""
    for name in NEEDED:
        if not given.get(name):
            raise SeedError(f"a seed of RapidPro needs {', '.join(NEEDED)}; {name} is missing or empty")
    for name in LISTS:
        if not isinstance(given.get(name, []), list):
            raise SeedError(f"{name} must be a list, got {type(given[name]).__name__}")
    planter = Planter(store)
    for name, plant_one in planter.kinds().items():
        rows = given.get(name) or []
        for position, row in enumerate(rows.items() if isinstance(rows, Mapping) else rows):
            try:
                plant_one(row)
            except (KeyError, TypeError, ValueError, AttributeError) as problem:
                raise SeedError(f"{name}[{position}] cannot be used: {type(problem).__name__} {problem}") from None


class Planter:
    """Adds rows to a store, one kind after the other."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[int, dict[str, Any]] = {}

    def kinds(self) -> Mapping[str, Callable[[Any], None]]:
        """In the order in which they need each other."""
        return {
            "workspaces": self._workspace,
            "users": self._user,
            "tokens": self._token,
            "channels": self._channel,
            "fields": self._field,
            "globals": self._global,
            "groups": lambda row: self._store.groups.append(self._named(row)),
            "labels": lambda row: self._store.labels.append(self._named(row)),
            "flows": self._flow,
            "contacts": self._contact,
            "broadcasts": self._broadcast,
            "messages": self._message,
            "flow_starts": self._start,
            "runs": self._run,
        }

    def _workspace(self, row: Mapping[str, Any]) -> None:
        known = Workspace(
            row["id"],
            row["uuid"],
            row["name"],
            row.get("timezone", "UTC"),
            row.get("default_country") or "",
            tuple(row.get("languages") or ()),
            bool(row.get("anonymous")),
            bool(row.get("suspended")),
            bool(row.get("flagged")),
            dict(row.get("rate_overrides") or {}),
            date_style(row.get("date_style", "day_first")),
            {what: int(limit) for what, limit in (row.get("limits") or {}).items()},
        )
        self._store.spaces[known.id] = known

    def _user(self, row: Mapping[str, Any]) -> None:
        roles = {int(number): role for number, role in (row.get("roles") or {}).items()}
        strange = [role for role in roles.values() if role not in ROLES]
        if strange:
            raise ValueError(f"no role is called {strange[0]!r}; there are: {', '.join(ROLES)}")
        uuid = row.get("uuid") or str(uuids.uuid5(uuids.NAMESPACE_URL, f"mailto:{row['email']}"))
        user = User(row["email"], row.get("name", ""), row.get("active", True), row.get("staff", False), roles, uuid)
        self._store.users[user.email] = user

    def _token(self, pair: tuple[str, Mapping[str, Any]]) -> None:
        name, row = pair
        user = self._store.users[row["user"]]
        token = Token(name, row["key"], self._space(row), user, row.get("active", True))
        self._store.tokens[token.key] = token

    def _channel(self, row: Mapping[str, Any]) -> None:
        self._store.channels.append(
            Channel(
                row["uuid"],
                row["name"],
                row.get("address"),
                row.get("country"),
                row.get("type", "external"),
                row.get("device"),
                tuple(row.get("schemes", ("tel",))),
                moment(row["created_on"]),
                moment(row.get("last_seen") or row["created_on"]),
                self._space(row),
            )
        )

    def _field(self, row: Mapping[str, Any]) -> None:
        self._store.fields.append(Field(row["key"], row["name"], row.get("type", "text"), self._space(row)))

    def _global(self, row: Mapping[str, Any]) -> None:
        changed = moment(row["modified_on"])
        self._store.globals.append(Global(row["key"], row["name"], row["value"], changed, self._space(row)))

    def _named(self, row: Mapping[str, Any]) -> Named:
        return Named(row["uuid"], row["name"], self._space(row), row.get("query"))

    def _flow(self, row: Mapping[str, Any]) -> None:
        self._store.flows.append(
            Flow(
                row["uuid"],
                row["name"],
                bool(row.get("archived")),
                bool(row.get("deleted")),
                moment(row["created_on"]),
                moment(row["modified_on"]),
                self._space(row),
            )
        )

    def _contact(self, row: Mapping[str, Any]) -> None:
        space = self._space(row)
        groups = [one for one in self._store.groups if one.workspace is space and one.name in row.get("groups", ())]
        self._store.add_contact(
            Contact(
                self._store.number("contact"),
                row["uuid"],
                row.get("name"),
                row.get("language"),
                row.get("status", "active"),
                list(row.get("urns", ())),
                dict(row.get("fields") or {}),
                groups,
                moment(row["created_on"]),
                moment(row.get("modified_on") or row["created_on"]),
                space,
                bool(row.get("deleted")),
            )
        )

    def _broadcast(self, row: Mapping[str, Any]) -> None:
        urns = row.get("urns")
        self._store.add_broadcast(
            Broadcast(
                row["id"],
                row.get("uuid") or f"000000bb-0000-4000-8000-{row['id']:012x}",
                self._space(row),
                row["status"],
                row.get("contact_count"),
                None if urns is None else list(urns),
                self._people(row),
                self._groups(row),
                dict(row["translations"]),
                row["base_language"],
                moment(row["created_on"]),
                bool(row.get("scheduled")),
            )
        )

    def _message(self, row: Mapping[str, Any]) -> None:
        store, space = self._store, self._space(row)
        labels = [one for one in store.labels if one.workspace is space and one.name in row.get("labels", ())]
        store.add_message(
            Message(
                row["id"],
                row["uuid"],
                space,
                None if row.get("broadcast") is None else store.broadcast_by_id[row["broadcast"]],
                store.contacts[row["contact"]],
                row.get("urn"),
                self._by_uuid(store.channels, row.get("channel")),
                row["direction"],
                row.get("type", "text"),
                row["status"],
                row.get("visibility", "visible"),
                row["text"],
                moment(row["created_on"]),
                moment(row.get("modified_on") or row["created_on"]),
                None if not row.get("sent_on") else moment(row["sent_on"]),
                row.get("failed_reason"),
                list(row.get("attachments", ())),
                labels,
                self._by_uuid(store.flows, row.get("flow")),
            )
        )

    def _start(self, row: Mapping[str, Any]) -> None:
        self._store.add_start(
            FlowStart(
                row["id"],
                row["uuid"],
                self._space(row),
                self._by_uuid(self._store.flows, row["flow"]),
                row.get("origin", "api"),
                row["status"],
                row.get("contact_count"),
                list(row.get("urns") or ()),
                self._people(row),
                self._groups(row),
                dict(row.get("exclusions") or {}),
                row.get("params"),
                row.get("created_by"),
                moment(row["created_on"]),
                moment(row["modified_on"]),
            )
        )

    def _run(self, row: Mapping[str, Any]) -> None:
        store = self._store
        store.add_run(
            Run(
                row["id"],
                row["uuid"],
                self._space(row),
                self._by_uuid(store.flows, row["flow"]),
                store.contacts[row["contact"]],
                self._by_uuid(store.starts, row.get("start")),
                row["status"],
                bool(row.get("responded")),
                dict(row.get("results") or {}),
                list(row.get("path") or ()),
                moment(row["created_on"]),
                moment(row["modified_on"]),
                None if not row.get("exited_on") else moment(row["exited_on"]),
            )
        )

    def _space(self, row: Mapping[str, Any]) -> Workspace:
        return self._store.spaces[row["workspace"]]

    def _people(self, row: Mapping[str, Any]) -> list[Contact]:
        return [self._store.contacts[uuid] for uuid in row.get("contacts") or ()]

    def _groups(self, row: Mapping[str, Any]) -> list[Named]:
        wanted = row.get("groups") or ()
        return [one for uuid in wanted for one in self._store.groups if one.uuid == uuid]

    def _by_uuid(self, rows: list[Any], uuid: str | None) -> Any:
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
