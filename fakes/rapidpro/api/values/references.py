"""Contacts, groups and flows that a request names. Source: rapidpro temba/api/v2/fields.py."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Callable, Iterable
from typing import Any

from fakes.rapidpro.api.http.wire import ServerError
from fakes.rapidpro.api.values import urns
from fakes.rapidpro.api.values.contact_refs import ref_of
from fakes.rapidpro.api.values.fields import MAX_ITEMS, NULL, invalid
from fakes.rapidpro.store.rows import Contact, Flow, Named, Workspace
from fakes.rapidpro.store.store import Store
from fakes.rapidpro.urns import identity_of
from fakes.rapidpro.versions.profile import Profile

Find = Callable[[str], Any]
MASK = "********"
"""What is shown in place of an address."""


def many(value: Any, find: Find, too_many: str, *, limit: int = MAX_ITEMS) -> list[Any]:
    """A list of named references; the first that is not there is told. An object counts as the list of its keys.

    The length is looked at before anything else, that of a string too (LimitedManyRelatedField).
    """
    if value is None:
        raise invalid(NULL)
    if isinstance(value, str | list | dict) and len(value) > limit:
        raise invalid(too_many)
    if not isinstance(value, list | dict):
        raise invalid(f'Expected a list of items but got type "{type(value).__name__}".')
    return [_found(item, find) for item in value]


def one(value: Any, find: Find) -> Any:
    """One named object; an empty name is none."""
    if value is None or value == "":
        raise invalid(NULL)
    return _found(value, find)


def _found(value: Any, find: Find) -> Any:
    if not isinstance(value, str | int):
        raise invalid("Must be a string or integer")
    found = find(str(value))
    if found is None:
        raise invalid(f"No such object: {value}")
    return found


def without_nul(find: Find) -> Find:
    """A finder that breaks where the database would: it compares with no text that has NUL in it."""

    def checked(name: str) -> Any:
        if "\x00" in name:
            raise ServerError
        return find(name)

    return checked


def contact_finder(store: Store, workspace: Workspace) -> Find:
    """By UUID or by the URN of a contact that is there; a national number is none here."""

    def find(name: str) -> Contact | None:
        found = store.contacts.get(name)
        if found is None:
            normal = urns.normalize(name, "") if len(name) <= urns.MAX_LENGTH else None
            found = None if normal is None else store.contact_by_urn(workspace, identity_of(normal))
        return found if found is not None and found.workspace is workspace and not found.deleted else None

    return without_nul(find)


def group_finder(store: Store, workspace: Workspace) -> Find:
    """By UUID or by name in any case."""
    return without_nul(lambda name: by_uuid_or_name(store.groups, workspace, name))


def label_finder(store: Store, workspace: Workspace, profile: Profile) -> Find:
    """By UUID, where the database keeps them as such in any form, or by name in any case."""
    return without_nul(
        lambda name: by_uuid_or_name(store.labels, workspace, as_stored(name) if profile.labels_by_any_uuid_form else name)
    )


def as_stored(name: str) -> str:
    """A UUID as the database writes it; what is none stays as it is."""
    try:
        return str(uuids.UUID(name))
    except ValueError:
        return name


def by_uuid_or_name(rows: list[Named], workspace: Workspace, name: str) -> Named | None:
    """A group or label of a workspace, by UUID or name."""
    wanted = name.lower()
    return next(
        (one for one in rows if one.workspace is workspace and (one.uuid == name or one.name.lower() == wanted)), None
    )


def in_order(rows: Iterable[Any], of: Iterable[Any]) -> list[Any]:
    """Some of all rows, each once, as they were made: the order in which lists and answers name them."""
    wanted = {id(row) for row in rows}
    return [row for row in of if id(row) in wanted] if wanted else []


def ticket_check(value: Any) -> None:
    """A ticket that a text is to be part of: no workspace here has any."""
    one(value, lambda _name: None)


def flow_finder(store: Store, workspace: Workspace) -> Find:
    """By UUID only; archived flows too, deleted ones not."""

    def find(name: str) -> Flow | None:
        return next(
            (flow for flow in store.flows if flow.uuid == name and flow.workspace is workspace and not flow.deleted),
            None,
        )

    return find


def anonymous_refs(row: Contact, profile: Profile) -> dict[str, str]:
    """What stands for a contact whose addresses are hidden: its number, or a short name made of it."""
    if not row.workspace.anonymous:
        return {}
    stand_in = ref_of(row.id) if "ref" in profile.anon_fields else f"{row.id:010}"
    return dict.fromkeys(profile.anon_fields, stand_in)


def reference(row: Any) -> dict[str, Any] | None:
    """How one object is named in another."""
    return None if row is None else {"uuid": row.uuid, "name": row.name}
