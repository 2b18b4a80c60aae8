"""Creating, renaming and deleting groups, labels, fields and globals.

Source: rapidpro temba/api/v2/views.py and serializers.py, the endpoints of those names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from fakes.rapidpro.api.http import filters
from fakes.rapidpro.api.http.context import Answer, Context, workspace_of, writable
from fakes.rapidpro.api.http.wire import Call, ServerError, detail, field_errors, non_field_error
from fakes.rapidpro.api.resources.definitions import shown_field, shown_global, shown_group, shown_label
from fakes.rapidpro.api.values import fields, naming
from fakes.rapidpro.api.values.fields import Invalid, invalid
from fakes.rapidpro.store.rows import Field as ContactField
from fakes.rapidpro.store.rows import Global, Named, Workspace
from fakes.rapidpro.versions.profile import Profile

NO_UUID = "URL must contain one of the following parameters: uuid"
FIELD_TYPES = ("text", "number", "datetime", "state", "district", "ward")
OLD_FIELD_TYPES = ("text", "numeric", *FIELD_TYPES[2:])
VALUE_LENGTH = 10_000
BAD_REQUEST = 400
Keyed = TypeVar("Keyed", ContactField, Global)


def write_group(call: Call, context: Context) -> Any:
    """POST groups: a new group, or with `uuid=` a new name."""
    show = partial(_changed_group, context)
    return _write_named(call, context, context.store.groups, "groups", "ContactGroup", show)


def write_label(call: Call, context: Context) -> Any:
    """POST labels: a new label, or with `uuid=` a new name."""
    show = partial(shown_label, context=context)
    return _write_named(call, context, context.store.labels, "labels", "Label", show)


def _changed_group(context: Context, row: Named) -> dict[str, Any]:
    people = context.store.contacts.values()
    count = sum(row in one.groups for one in people if one.status == "active" and not one.deleted)
    return shown_group(row, count, context.profile)


def _write_named(
    call: Call, context: Context, rows: list[Named], what: str, model: str, show: Callable[[Named], Any]
) -> Answer:
    profile, existing = context.profile, _named_of(call, context, rows, model)
    if existing is None:
        _refuse_beyond_limit_at_once(rows, what, call, profile)
    workspace = writable(call, profile)  # checked after the row and before any field
    given = profile.group_names if what == "groups" else ()
    check = naming.group_or_label(profile, [*naming.others(rows, workspace, existing), *given])
    name = _gathered(call, {"name": check}, required=("name",))["name"]
    if profile.limit_status == BAD_REQUEST:  # changes are refused too
        naming.refuse_beyond_limit(rows, what, workspace, profile)
    if existing is not None:
        existing.name = name
        return Answer(200, show(existing))
    made = Named(context.store.new_uuid(), name, workspace)
    rows.append(made)
    return Answer(201, show(made))


def _refuse_beyond_limit_at_once(rows: Iterable[Any], what: str, call: Call, profile: Profile) -> None:
    """From v7.3 the limit is checked before the body."""
    if profile.limit_status != BAD_REQUEST:
        naming.refuse_beyond_limit(rows, what, workspace_of(call), profile)


def _gathered(call: Call, checks: Mapping[str, fields.Check], required: Sequence[str] = ()) -> dict[str, Any]:
    try:
        return fields.check_fields(call.body, checks, required=required)
    except Invalid as problem:
        raise field_errors(problem.errors) from None


def _named_of(call: Call, context: Context, rows: list[Named], model: str) -> Named | None:
    typed = rows is context.store.labels and context.profile.labels_by_any_uuid_form
    uuid = filters.requested_uuid(call, context.profile, typed=typed)
    if uuid is None:
        return None
    system = context.store.system_group(workspace_of(call))
    if rows is context.store.groups and uuid == system.uuid and context.profile.system_groups:
        raise detail(403, f"Cannot {'delete' if call.method == 'DELETE' else 'modify'} system object.")
    for row in rows:
        if row.uuid == uuid and row.workspace is workspace_of(call):
            return row
    raise detail(404, context.profile.not_found_text.format(model=model))


def delete_group(call: Call, context: Context) -> Any:
    """DELETE groups: with `uuid=` only."""
    found = _deletable(call, context, context.store.groups, "ContactGroup")
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
    """POST fields: a new field, or with `key=` a new name and type."""
    workspace, store, profile = workspace_of(call), context.store, context.profile
    existing = _by_key(call, context, store.fields, "ContactField")
    if existing is None:
        _refuse_beyond_limit_at_once(store.fields, "fields", call, profile)
    writable(call, profile)
    name, kind = _name_and_type(call, context, existing)
    if profile.limit_status == BAD_REQUEST and existing is None:
        naming.refuse_beyond_limit(store.fields, "fields", workspace, profile)
    found = existing or _with_key(store.fields, workspace, naming.key_of(name))
    if found is None:
        made = ContactField(naming.key_of(name), name, kind, workspace)
        store.fields.append(made)
        return Answer(201, shown_field(made, context))
    if existing is None and profile.duplicate_key_fails:
        raise ServerError
    found.name, found.type = name, kind
    return Answer(200 if existing else 201, shown_field(found, context))


def _name_and_type(call: Call, context: Context, existing: ContactField | None) -> tuple[str, str]:
    """A field's name and type; up to v7.4 from `label` and `value_type`, which are still accepted later."""
    profile, workspace = context.profile, workspace_of(call)
    taken = [*naming.others(context.store.fields, workspace, existing), *profile.field_names]
    name = naming.field(profile, taken)
    old = {"label": name, "value_type": lambda value: _type_of(value, OLD_FIELD_TYPES)}
    if "name" not in profile.field_fields:
        clean = _gathered(call, old, required=tuple(old))
        return clean["label"], clean["value_type"]
    clean = _gathered(call, {"name": name, "type": lambda value: _type_of(value, FIELD_TYPES), **old})
    for new, former in (("name", "label"), ("type", "value_type")):
        if new not in clean and former not in clean:
            raise non_field_error(f"Field '{new}' is required.")
    return clean.get("name") or clean["label"], clean.get("type") or clean["value_type"]


def _type_of(value: Any, types: Sequence[str]) -> str:
    if value is None:
        raise invalid(fields.NULL)
    if str(value) not in types:
        raise invalid(f'"{value}" is not a valid choice.')
    return "number" if value == "numeric" else str(value)


def _by_key(call: Call, context: Context, rows: list[Keyed], model: str) -> Keyed | None:
    """The field or global of `key=`; None without it."""
    key = call.query.get("key")
    if key is not None and "\x00" in key:
        raise ServerError
    existing = None if key is None else _with_key(rows, workspace_of(call), key)
    if key is not None and existing is None:
        raise detail(404, context.profile.not_found_text.format(model=model))
    return existing


def _with_key(rows: list[Keyed], workspace: Workspace, key: str) -> Keyed | None:
    return next((one for one in rows if one.workspace is workspace and one.key == key), None)


def write_global(call: Call, context: Context) -> Any:
    """POST globals: a new global, or with `key=` a new value; its name stays."""
    workspace, store, profile = workspace_of(call), context.store, context.profile
    existing = _by_key(call, context, store.globals, "Global")
    if existing is None:
        _refuse_beyond_limit_at_once(store.globals, "globals", call, profile)
    writable(call, profile)
    checks: dict[str, fields.Check] = {
        "value": lambda value: fields.text(value, limit=VALUE_LENGTH),
        "name": naming.global_value(naming.others(store.globals, workspace, existing)),
    }
    clean = _gathered(call, checks, required=("value",))
    if existing is None and "name" not in clean:
        raise non_field_error("Name is required when creating new global.")
    if profile.limit_status == BAD_REQUEST:
        naming.refuse_beyond_limit(store.globals, "globals", workspace, profile)
    now = context.clock.now()
    found = existing or _with_key(store.globals, workspace, naming.key_of(clean["name"]))
    if (
        found is not None
    ):  # a new name with an existing key: the existing global gets the value, and the answer is a 201
        found.value, found.modified_on = clean["value"], now
        return Answer(200 if existing else 201, shown_global(found))
    made = Global(naming.key_of(clean["name"]), clean["name"], clean["value"], now, workspace)
    store.globals.append(made)
    return Answer(201, shown_global(made))
