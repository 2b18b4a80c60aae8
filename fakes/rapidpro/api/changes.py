"""Making, renaming and deleting groups, labels, fields and globals.

Source: rapidpro temba/api/v2/views.py and serializers.py, the endpoints of those names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from fakes.rapidpro.api import fields, objects
from fakes.rapidpro.api.context import Answer, Context, workspace_of, writable
from fakes.rapidpro.api.definitions import shown_field, shown_global, shown_group, shown_label
from fakes.rapidpro.api.fields import Invalid, invalid
from fakes.rapidpro.api.wire import Call, detail, field_errors
from fakes.rapidpro.rows import Field as ContactField
from fakes.rapidpro.rows import Global, Named

NO_UUID = "URL must contain one of the following parameters: uuid"
FIELD_TYPES = ("text", "number", "datetime", "state", "district", "ward")


def write_group(call: Call, context: Context) -> Any:
    """POST groups: a new one, or with `uuid=` another name."""
    return _write_named(
        call, context, context.store.groups, "Contact Group", lambda row: shown_group(row, 0, context.profile)
    )


def write_label(call: Call, context: Context) -> Any:
    """POST labels: a new one, or with `uuid=` another name."""
    return _write_named(call, context, context.store.labels, "Label", lambda row: shown_label(row, context))


def _write_named(call: Call, context: Context, rows: list[Named], model: str, show: Callable[[Named], Any]) -> Answer:
    known = _named_of(call, context, rows, model)
    workspace = writable(call, context.profile)  # looked at after the row, before any field

    def name_of(value: Any) -> str:
        name = fields.name(value, limit=64)
        other = objects.named(rows, workspace, name)
        if other is not None and other is not known:
            raise invalid("This field must be unique.")
        return name

    try:
        name = fields.gather(call.body, {"name": name_of}, required=("name",))["name"]
    except Invalid as problem:
        raise field_errors(problem.errors) from None
    if known is not None:
        known.name = name
        return Answer(200, show(known))
    made = Named(context.store.new_uuid(), name, workspace)
    rows.append(made)
    return Answer(201, show(made))


def _named_of(call: Call, context: Context, rows: list[Named], model: str) -> Named | None:
    uuid = call.query.get("uuid")
    if not uuid:
        return None
    for row in rows:
        if row.uuid == uuid and row.workspace is workspace_of(call):
            return row
    raise detail(404, context.profile.no_match.format(model=model))


def delete_group(call: Call, context: Context) -> Any:
    """DELETE groups: with `uuid=` only."""
    found = _deletable(call, context, context.store.groups, "Contact Group")
    context.store.groups.remove(found)
    for contact in context.store.contacts.values():
        contact.groups = [one for one in contact.groups if one is not found]
    return Answer(204, None)


def delete_label(call: Call, context: Context) -> Any:
    """DELETE labels: with `uuid=` only."""
    found = _deletable(call, context, context.store.labels, "Label")
    context.store.labels.remove(found)
    for message in list(context.store.by_label.get(found.uuid, ())):
        context.store.set_labels(message, [one for one in message.labels if one is not found])
    return Answer(204, None)


def _deletable(call: Call, context: Context, rows: list[Named], model: str) -> Named:
    found = _named_of(call, context, rows, model)
    if found is None:
        raise detail(400, NO_UUID)
    return found


def write_field(call: Call, context: Context) -> Any:
    """POST fields: a new one, or with `key=` another name."""
    workspace, store = workspace_of(call), context.store
    key = call.query.get("key")
    known = next((one for one in store.fields if one.workspace is workspace and one.key == key), None)
    if key and known is None:
        raise detail(404, context.profile.no_match.format(model="Contact Field"))
    writable(call, context.profile)
    checks: dict[str, fields.Check] = {
        "name": lambda value: fields.text(value, limit=36),
        "type": lambda value: _type_of(value),
    }
    try:
        clean = fields.gather(call.body, checks, required=("name", "type"))
    except Invalid as problem:
        raise field_errors(problem.errors) from None
    if known is not None:
        known.name, known.type = clean["name"], clean["type"]
        return Answer(200, shown_field(known, context))
    made = ContactField(_key_of(clean["name"]), clean["name"], clean["type"], workspace)
    store.fields.append(made)
    return Answer(201, shown_field(made, context))


def _type_of(value: Any) -> str:
    if value not in FIELD_TYPES:
        raise invalid(f'"{value}" is not a valid choice.')
    return str(value)


def _key_of(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def write_global(call: Call, context: Context) -> Any:
    """POST globals: a new one, or with `key=` another value."""
    workspace, store = workspace_of(call), context.store
    key = call.query.get("key")
    known = next((one for one in store.globals if one.workspace is workspace and one.key == key), None)
    if key and known is None:
        raise detail(404, context.profile.no_match.format(model="Global"))
    writable(call, context.profile)
    checks: dict[str, fields.Check] = {"value": lambda value: fields.text(value, limit=640)}
    if known is None:
        checks = {"name": lambda value: fields.text(value, limit=36), **checks}
    try:
        clean = fields.gather(call.body, checks, required=tuple(checks))
    except Invalid as problem:
        raise field_errors(problem.errors) from None
    now = context.clock.now()
    if known is not None:
        known.value, known.modified_on = clean["value"], now
        return Answer(200, shown_global(known))
    made = Global(_key_of(clean["name"]), clean["name"], clean["value"], now, workspace)
    store.globals.append(made)
    return Answer(201, shown_global(made))
