"""The workspaces of a seed and their contents: users, tokens, channels, contacts, flows and so on."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Mapping
from typing import Any

from fakes.rapidpro.seed.rows import SeedRows, date_style, moment
from fakes.rapidpro.store.rows import ROLES, Channel, Contact, Field, Flow, Global, Named, Token, User, Workspace


class Workspaces:
    """Adds workspaces and their contents to a store."""

    def __init__(self, rows: SeedRows) -> None:
        self._rows = rows

    def workspace(self, row: Mapping[str, Any]) -> None:
        """A workspace."""
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
        self._rows.store.workspace_by_id[known.id] = known

    def user(self, row: Mapping[str, Any]) -> None:
        """A user with a role in each workspace. ValueError for an unknown role."""
        roles = {int(number): role for number, role in (row.get("roles") or {}).items()}
        unknown = [role for role in roles.values() if role not in ROLES]
        if unknown:
            raise ValueError(f"unknown role {unknown[0]!r}: expected one of {', '.join(ROLES)}")
        uuid = row.get("uuid") or str(uuids.uuid5(uuids.NAMESPACE_URL, f"mailto:{row['email']}"))
        user = User(row["email"], row.get("name", ""), row.get("active", True), row.get("staff", False), roles, uuid)
        self._rows.store.users[user.email] = user

    def token(self, pair: tuple[str, Mapping[str, Any]]) -> None:
        """A token, by its name."""
        name, row = pair
        user = self._rows.store.users[row["user"]]
        token = Token(name, row["key"], self._rows.space(row), user, row.get("active", True))
        self._rows.store.tokens[token.key] = token

    def channel(self, row: Mapping[str, Any]) -> None:
        """A channel."""
        self._rows.store.channels.append(
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
                self._rows.space(row),
            )
        )

    def field(self, row: Mapping[str, Any]) -> None:
        """A field of contacts."""
        self._rows.store.fields.append(Field(row["key"], row["name"], row.get("type", "text"), self._rows.space(row)))

    def global_row(self, row: Mapping[str, Any]) -> None:
        """A global value."""
        changed = moment(row["modified_on"])
        self._rows.store.globals.append(Global(row["key"], row["name"], row["value"], changed, self._rows.space(row)))

    def group(self, row: Mapping[str, Any]) -> None:
        """A group of contacts."""
        self._rows.store.groups.append(self._named(row))

    def label(self, row: Mapping[str, Any]) -> None:
        """A label of messages."""
        self._rows.store.labels.append(self._named(row))

    def _named(self, row: Mapping[str, Any]) -> Named:
        return Named(row["uuid"], row["name"], self._rows.space(row), row.get("query"))

    def flow(self, row: Mapping[str, Any]) -> None:
        """A flow."""
        self._rows.store.flows.append(
            Flow(
                row["uuid"],
                row["name"],
                bool(row.get("archived")),
                bool(row.get("deleted")),
                moment(row["created_on"]),
                moment(row["modified_on"]),
                self._rows.space(row),
            )
        )

    def contact(self, row: Mapping[str, Any]) -> None:
        """A contact, in groups by name."""
        space = self._rows.space(row)
        groups = [
            one for one in self._rows.store.groups if one.workspace is space and one.name in row.get("groups", ())
        ]
        self._rows.store.add_contact(
            Contact(
                self._rows.store.next_id("contact"),
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
