"""How the API shows a contact.

Source: rapidpro temba/api/v2/serializers.py (ContactReadSerializer), fields.py (serialize_urn); for expanded URNs
mailroom web/contact/inspect.go: those that a channel can send to come first.
"""

from __future__ import annotations

from typing import Any

from fakes.rapidpro.api.http import filters
from fakes.rapidpro.api.http.context import Context
from fakes.rapidpro.api.http.wire import Call, moment
from fakes.rapidpro.api.values import references
from fakes.rapidpro.store.rows import Contact, Note
from fakes.rapidpro.urns import channel_for, identity_of, path_of, scheme_of


def show(row: Contact, context: Context, call: Call | None = None) -> dict[str, Any]:
    """A contact as the API shows it; in a list as the parameters of `call` say."""
    shown = {
        "uuid": row.uuid,
        "name": None if row.deleted else row.name,
        "status": None if row.deleted else row.status,
        "language": None if row.deleted else row.language,
        "urns": _urns(row, context) if call is None or not _expands(context, call) else _expanded(row, context, call),
        "groups": [references.reference(one) for one in row.groups],
        "notes": [] if row.deleted else [_note(one) for one in row.notes],
        "fields": {} if row.deleted else {key: one for key, _, one in context.store.fields_of(row.workspace, row)},
        "flow": references.reference(context.mailroom.sessions.flow_of(row)),
        "created_on": moment(row.created_on),
        "modified_on": moment(row.modified_on),
        "last_seen_on": moment(row.last_seen_on),
        "blocked": None if row.deleted else row.status == "blocked",
        "stopped": None if row.deleted else row.status == "stopped",
    }
    values = {name: shown[name] for name in context.profile.contact_fields}
    return {
        "uuid": values.pop("uuid"),
        "name": values.pop("name"),
        **references.anonymous_refs(row, context.profile),
        **values,
    }


def _note(row: Note) -> dict[str, Any]:
    author = {"email": row.created_by.email, "name": row.created_by.name}
    return {"text": row.text, "created_on": moment(row.created_on), "created_by": author}


def _urns(row: Contact, context: Context) -> list[str]:
    """In an anonymous workspace only schemes are visible; v6.4, which also has no `status`, shows nothing."""
    if not row.workspace.anonymous:
        return [_urn(one, context) for one in row.urns]
    masked = [f"{scheme_of(one)}:{references.MASK}" for one in row.urns]
    return masked if "status" in context.profile.contact_fields else []


def _urn(urn: str, context: Context) -> str:
    return urn if context.profile.urn_display_kept else identity_of(urn)


def _expands(context: Context, call: Call) -> bool:
    return context.profile.expands_urns and filters.is_true(call.query.get("expand_urns", ""))


def _expanded(row: Contact, context: Context, call: Call) -> list[dict[str, Any]]:
    """URNs in parts, with the channel that sends to them, which mailroom determines."""
    context.require_engine()
    channels = context.store.channels_of(row.workspace)
    found = [(urn, channel_for(urn, channels)) for urn in row.urns]
    if not (context.profile.orders_urns and call.query.get("urn_order") == "priority"):
        found.sort(key=lambda one: one[1] is None)
    return [
        {
            "channel": references.reference(channel),
            "scheme": scheme_of(urn),
            "path": references.MASK if row.workspace.anonymous else path_of(urn),
            "display": urn.partition("#")[2] or None,
        }
        for urn, channel in found
    ]
