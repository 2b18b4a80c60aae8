"""References in a request to contacts, groups, labels and flows. Source: rapidpro temba/api/v2/fields.py."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Callable, Iterable
from typing import Any

from fakes.rapidpro.api.http.wire import ServerError
from fakes.rapidpro.api.values import urns
from fakes.rapidpro.api.values.contact_refs import ref_of
from fakes.rapidpro.api.values.fields import MAX_ITEMS, NULL, invalid, too_many
from fakes.rapidpro.store.rows import Contact, Flow, Named, Workspace
from fakes.rapidpro.store.store import Store
from fakes.rapidpro.urns import identity_of
from fakes.rapidpro.versions.profile import Profile

Find = Callable[[str], Any]
MASK = "********"
"""Shown in place of a hidden address."""


def many(value: Any, find: Find, profile: Profile, *, limit: int = MAX_ITEMS) -> list[Any]:
    """The objects of a list of names; the first missing one is an error. A JSON object counts as the list of its keys.

    The length is checked first, also that of a string (LimitedManyRelatedField).
    """
    if value is None:
        raise invalid(NULL)
    if isinstance(value, str | list | dict) and len(value) > limit:
        raise invalid(too_many(profile, limit))
    if not isinstance(value, list | dict):
        raise invalid(f'Expected a list of items but got type "{type(value).__name__}".')
    return [_found(item, find) for item in value]


def one(value: Any, find: Find) -> Any:
    """The object of a name, which must not be empty."""
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
    """A finder that raises ServerError for a name with NUL, as the database does not accept it."""

    def checked(name: str) -> Any:
        if "\x00" in name:
            raise ServerError
        return find(name)

    return checked


def contact_finder(store: Store, workspace: Workspace) -> Find:
    """Finds contacts by UUID or URN, except deleted ones; a national number does not match."""

    def find(name: str) -> Contact | None:
        found = store.contacts.get(name)
        if found is None:
            normal = urns.normalize(name, "") if len(name) <= urns.MAX_LENGTH else None
            found = None if normal is None else store.contact_by_urn(workspace, identity_of(normal))
        return found if found is not None and found.workspace is workspace and not found.deleted else None

    return without_nul(find)


def group_finder(store: Store, workspace: Workspace) -> Find:
    """Finds groups by UUID, or by name in any case."""
    return without_nul(lambda name: by_uuid_or_name(store.groups, workspace, name))


def label_finder(store: Store, workspace: Workspace, profile: Profile) -> Find:
    """Finds labels by UUID (in any form where the column has that type), or by name in any case."""
    normal = as_stored if profile.labels_by_any_uuid_form else str
    return without_nul(lambda name: by_uuid_or_name(store.labels, workspace, normal(name)))


def as_stored(name: str) -> str:
    """A UUID as the database writes it; other texts unchanged."""
    try:
        return str(uuids.UUID(name))
    except ValueError:
        return name


def by_uuid_or_name(rows: list[Named], workspace: Workspace, name: str) -> Named | None:
    """A group or label of a workspace, by UUID or name."""
    ids = name.lower()
    return next(
        (one for one in rows if one.workspace is workspace and (one.uuid == name or one.name.lower() == ids)), None
    )


def in_order(rows: Iterable[Any], of: Iterable[Any]) -> list[Any]:
    """Some of all rows, each once, in order of creation, as lists and answers show them."""
    ids = {id(row) for row in rows}
    return [row for row in of if id(row) in ids] if ids else []


def ticket_check(value: Any) -> None:
    """A ticket that a text belongs to: no workspace here has any."""
    one(value, lambda _name: None)


def flow_finder(store: Store, workspace: Workspace) -> Find:
    """Finds flows by UUID only; archived ones too, but not deleted ones."""

    def find(name: str) -> Flow | None:
        return next(
            (flow for flow in store.flows if flow.uuid == name and flow.workspace is workspace and not flow.deleted),
            None,
        )

    return find


def anonymous_refs(row: Contact, profile: Profile) -> dict[str, str]:
    """What an anonymous workspace shows instead of a contact's URNs: its id, or a short ref made from it."""
    if not row.workspace.anonymous:
        return {}
    stand_in = ref_of(row.id) if "ref" in profile.anon_fields else f"{row.id:010}"
    return dict.fromkeys(profile.anon_fields, stand_in)


def reference(row: Any) -> dict[str, Any] | None:
    """How an object is referred to in another."""
    return None if row is None else {"uuid": row.uuid, "name": row.name}
