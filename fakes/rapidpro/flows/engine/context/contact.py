"""The contact in expressions. Source: goflow core/contact.go, field.go, urn.go, group.go, channel.go."""

from __future__ import annotations

from typing import Any

from fakes.rapidpro.flows.context import SCHEMES
from fakes.rapidpro.flows.engine.state.contact import Contact, FieldValue, Urn
from fakes.rapidpro.flows.engine.state.workspace import Channel, FieldDefinition, Workspace
from fakes.rapidpro.flows.expressions.conversion import parse_datetime_text
from fakes.rapidpro.flows.expressions.functions_urn import display_urn
from fakes.rapidpro.flows.expressions.words import words

REDACTED = "********"


def contact_context(contact: Contact, workspace: Workspace, *, new: bool) -> dict[str, Any]:
    """`@contact`. The real `ref` is an encoded id; here it is the id."""
    urns = [shown_urn(urn, workspace) for urn in contact.urns]
    routes = contact.routes(workspace)
    names = words(contact.name)
    deprecated = {
        "id": "@contact.id is deprecated, use @contact.ref instead",
        "tickets": "@contact.tickets is deprecated, use @ticket instead",
    }
    return {
        "__default__": display_name(contact, workspace),
        **({"__deprecated__": deprecated, "ref": str(contact.id)} if new else {}),
        "uuid": contact.uuid,
        "id": str(contact.id),
        "name": contact.name,
        "first_name": names[0] if names else None,
        "language": contact.language,
        "timezone": contact.timezone or None,
        "status": contact.status,
        "created_on": contact.created_on,
        "last_seen_on": contact.last_seen_on,
        "urns": urns,
        "urn": shown_urn(routes[0][0], workspace) if routes else None,
        "groups": [
            {"uuid": group.uuid, "name": group.name}
            for group in (workspace.group(uuid) for uuid in contact.groups)
            if group is not None
        ],
        "fields": fields_context(contact, workspace),
        "channel": channel_context(routes[0][1] if routes else None),
        "tickets": [ticket_context(contact, workspace)] if contact.tickets else [],
    }


def display_name(contact: Contact, workspace: Workspace) -> str:
    """The name, or else the first URN for display, or the id if URNs are not shown."""
    if contact.name:
        return contact.name
    if workspace.redacts_urns:
        return str(contact.id)
    return display_urn(contact.urns[0].identity) if contact.urns else ""


def shown_urn(urn: Urn, workspace: Workspace) -> str:
    """A URN as expressions see it."""
    return f"{urn.scheme}:{REDACTED}" if workspace.redacts_urns else urn.identity


def urns_context(contact: Contact, workspace: Workspace) -> dict[str, Any]:
    """`@urns`: the first URN of each scheme."""
    found: dict[str, Any] = dict.fromkeys(SCHEMES)
    for urn in reversed(contact.urns):
        found[urn.scheme] = shown_urn(urn, workspace)
    return found


def fields_context(contact: Contact, workspace: Workspace) -> dict[str, Any]:
    """`@fields`: each field of the workspace, by its type; one without a value is null."""
    found = {one.key: shown_field(contact.fields.get(one.key), one) for one in workspace.fields}
    lines = [f"{one.name}: {_line(found[one.key])}" for one in workspace.fields if found[one.key] is not None]
    return {"__default__": "\n".join(sorted(lines)), **found}


def _line(value: Any) -> str:
    from fakes.rapidpro.flows.expressions.conversion import from_json
    from fakes.rapidpro.flows.expressions.values import render

    return render(from_json(value))


def shown_field(value: FieldValue | None, definition: FieldDefinition) -> Any:
    """A field's value by the field's type; None if the text could not be read as that type."""
    if value is None:
        return None
    if definition.type == "number":
        return value.number
    if definition.type == "datetime":
        return None if value.datetime is None else parse_datetime_text(value.datetime)
    # there are no locations: a field of that type has none, whatever its text is
    return None if definition.type in ("state", "district", "ward") else value.text


def channel_context(channel: Channel | None) -> dict[str, Any] | None:
    """A channel; its default is its name."""
    if channel is None:
        return None
    return {"__default__": channel.name, "uuid": channel.uuid, "name": channel.name, "address": channel.address}


def ticket_context(contact: Contact, workspace: Workspace) -> dict[str, Any] | None:
    """`@ticket`: the open ticket."""
    if not contact.tickets:
        return None
    ticket = contact.tickets[-1]
    topic = next((one for one in workspace.topics if one.uuid == ticket.topic), None)
    user = next((one for one in workspace.users if one.uuid == ticket.assignee), None)
    return {
        "uuid": ticket.uuid,
        "topic": topic and {"__default__": topic.name, "uuid": topic.uuid, "name": topic.name},
        "assignee": user and {
            "__default__": user.name or user.email, "uuid": user.uuid, "email": user.email, "name": user.name,
            "first_name": user.name.partition(" ")[0],
        },
    }  # fmt: skip
