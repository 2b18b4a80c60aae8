"""What the expressions of a broadcast can use: the contact and globals.

Shapes as in goflow flows/engine/run.go and core/*: an object's default is its text form.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import phonenumbers

from fakes.rapidpro.store.records import Contact, Records, Workspace
from fakes.rapidpro.urns import path_of, scheme_of

EMPTY: Mapping[str, Any] = MappingProxyType({})
SCHEMES = (
    "discord", "ext", "facebook", "fcm", "freshchat", "instagram", "jiochat", "line", "mailto", "rocketchat", "slack",
    "tel", "telegram", "twitter", "twitterid", "viber", "vk", "webchat", "wechat", "whatsapp",
)  # fmt: skip


def contact_context(records: Records, workspace: Workspace, contact: Contact) -> dict[str, Any]:
    """contact, fields, urns and globals: what the text of a broadcast can use."""
    fields = _fields(records, workspace, contact)
    return {
        "contact": _contact(records, workspace, contact, fields),
        "fields": fields,
        "urns": urns_of(workspace, contact.urns),
        "globals": _globals(records, workspace),
    }


def urns_of(workspace: Workspace, urns: list[str]) -> dict[str, str | None]:
    """The first URN of each scheme; in an anonymous workspace only the scheme is visible."""
    found: dict[str, str | None] = dict.fromkeys(SCHEMES)
    for urn in reversed(urns):
        found[scheme_of(urn)] = f"{scheme_of(urn)}:********" if workspace.anonymous else urn
    return found


def _contact(records: Records, workspace: Workspace, contact: Contact, fields: dict[str, Any]) -> dict[str, Any]:
    urns = [urn if not workspace.anonymous else f"{scheme_of(urn)}:********" for urn in contact.urns]
    name = contact.name or ""
    groups = [
        {"__default__": group.name, "uuid": group.uuid, "name": group.name} for group in records.groups_of(contact)
    ]
    return {
        "__default__": name or (_display(urns[0]) if urns else ""),
        "uuid": contact.uuid,
        "name": name,
        "first_name": name.split(" ")[0] if name else "",
        "language": contact.language or "",
        "status": contact.status,
        "timezone": workspace.timezone or "UTC",
        "created_on": contact.created_on,
        "last_seen_on": getattr(contact, "last_seen_on", None),
        "urn": urns[0] if urns else "",
        "urns": urns,
        "groups": groups,
        "fields": fields,
    }


def _display(urn: str) -> str:
    """A URN for display: a phone number in national format, otherwise the path."""
    path = path_of(urn)
    if scheme_of(urn) != "tel":
        return path
    try:
        parsed = phonenumbers.parse(path, None)
    except phonenumbers.NumberParseException:
        return path
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


def _fields(records: Records, workspace: Workspace, contact: Contact) -> dict[str, Any]:
    known = records.fields_of(workspace, contact)
    return {"__default__": _lines({name: value for _, name, value in known}), **{key: v for key, _, v in known}}


def _globals(records: Records, workspace: Workspace) -> dict[str, Any]:
    known = records.globals_of(workspace)
    return {"__default__": _lines({name: value for _, name, value in known}), **{key: v for key, _, v in known}}


def _lines(values: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}: {values[name]}" for name in sorted(values) if values[name] is not None)
