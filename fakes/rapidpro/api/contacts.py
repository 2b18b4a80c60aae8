"""`/api/v2/contacts.json`: people. Source: rapidpro temba/api/v2 (ContactsEndpoint)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.rapidpro.addresses import identity_of
from fakes.rapidpro.api import fields, filters, objects, times, urns
from fakes.rapidpro.api.broadcasts import TOO_MANY
from fakes.rapidpro.api.contact_shape import show
from fakes.rapidpro.api.context import Answer, Context, workspace_of, writable
from fakes.rapidpro.api.fields import Invalid, invalid
from fakes.rapidpro.api.filters import Filtered
from fakes.rapidpro.api.languages import is_language
from fakes.rapidpro.api.pages import page, reversible
from fakes.rapidpro.api.wire import Call, detail, field_errors
from fakes.rapidpro.ordered import Ordered, by_modification, modified
from fakes.rapidpro.rows import Contact, Named, Workspace

NO_LOOKUP = "URL must contain one of the following parameters: urn, uuid"
TWO_LOOKUPS = "URL can only contain one of the following parameters: urn, uuid"
NOT_ACTIVE = "Non-active contacts can't be added to groups"


def listed(call: Call, context: Context) -> Any:
    """GET: last changed first."""
    store, profile, workspace = context.store, context.profile, workspace_of(call)
    uuid = filters.uuid(call, "uuid", profile) if profile.checks_uuids else call.query.get("uuid")
    owner = _by_urn(call, context, workspace) if call.query.get("urn") else None
    group = call.query.get("group")
    deleted = filters.truth(call.query.get("deleted", ""))
    after, before = times.span(call)
    mine = [one for one in store.groups if one.workspace is workspace] if group else []
    named = next((one for one in mine if group in (one.uuid, one.name)), None)
    rows = store.contact_files.of((workspace.id, deleted)) or Ordered(by_modification)
    if uuid or call.query.get("urn"):
        asked = owner if call.query.get("urn") else store.contacts.get(uuid or "")
        one = [asked] if asked is not None and asked in rows and (not uuid or asked.uuid == uuid) else []
        rows = Ordered(by_modification, one)
    keep = (lambda row: named is not None and named in row.groups) if group else None
    listing = reversible(Filtered(rows, keep, after, before, modified), call)
    return page(listing, call, profile, lambda row: show(row, context, call))


def _by_urn(call: Call, context: Context, workspace: Workspace) -> Contact | None:
    given = call.query["urn"]
    if workspace.anonymous:
        raise detail(400, "URN lookups not allowed for anonymous organizations")
    normal = urns.normalize(given, workspace.default_country)
    if normal is None:
        raise detail(400, f"Invalid URN: {given}")
    return context.store.contact_by_urn(workspace, identity_of(normal))


def _looked_up(call: Call, context: Context, workspace: Workspace) -> Contact | None:
    """The contact that `uuid=` or `urn=` names; none if neither is given."""
    owner = _by_urn(call, context, workspace) if "urn" in call.query else None
    uuid = filters.looked_up(call, context.profile, typed=False)
    if uuid is not None and "urn" in call.query:
        raise detail(400, TWO_LOOKUPS)
    if uuid is not None:
        found = context.store.contacts.get(uuid)
        if found is None or found.workspace is not workspace or found.deleted:
            raise detail(404, context.profile.no_match.format(model="Contact"))
        return found
    if owner is None and "urn" in call.query and call.method == "DELETE":
        raise detail(404, context.profile.no_match.format(model="Contact"))
    return owner


def write(call: Call, context: Context) -> Any:
    """POST: a new contact, or with `uuid=` or `urn=` a change to one."""
    contact = _looked_up(call, context, workspace_of(call))
    workspace = writable(call, context.profile)  # looked at after the contact, before any field
    given = dict(call.body)
    if "urns" in given and call.query.get("urn"):
        raise field_errors({"urns": ["Field not allowed when using URN in URL"]})
    if "urns" in given and contact is not None and workspace.anonymous:
        raise field_errors({"urns": ["Updating URNs not allowed for anonymous organizations"]})
    if contact is None and call.query.get("urn"):
        given["urns"] = [call.query["urn"]]
    try:
        clean = _clean(given, contact, context, workspace)
    except Invalid as problem:
        raise field_errors(problem.errors) from None
    created = contact is None
    if contact is None:
        contact = context.store.add_contact(_new(context, workspace))
    _change(contact, clean, context)
    return Answer(201 if created else 200, show(contact, context))


def _new(context: Context, workspace: Workspace) -> Contact:
    store, now = context.store, context.clock.now()
    number, uuid = store.number("contact"), store.new_uuid()
    return Contact(number, uuid, None, None, "active", [], {}, [], now, now, workspace)


def _clean(given: Mapping[str, Any], contact: Contact | None, context: Context, workspace: Workspace) -> dict[str, Any]:
    store = context.store
    finder = objects.group_finder(store, workspace)

    checks: dict[str, fields.Check] = {
        "name": lambda value: value if value is None else fields.text(value, limit=64),
        "language": lambda value: value if value is None else _language(value),
        "urns": lambda value: _free_urns(value, contact, context, workspace),
        "groups": lambda value: _joined(
            objects.several(value, lambda name: fixed_group(finder(name), name), TOO_MANY), contact
        ),
        "fields": lambda value: _values(value, context, workspace),
        "note": lambda value: fields.text(value, limit=10_000),
    }
    return fields.gather(given, checks)


def fixed_group(group: Named | None, asked: Any) -> Named | None:
    """A group that people are put in by hand."""
    if group is not None and group.query:
        raise invalid(f"Contact group must not be query based: {asked}")
    return group


def _joined(groups: list[Named], contact: Contact | None) -> list[Named]:
    if contact is not None and contact.status != "active" and groups:
        raise invalid(NOT_ACTIVE)
    return groups


def _free_urns(value: Any, contact: Contact | None, context: Context, workspace: Workspace) -> list[str]:
    """URNs that nobody else owns."""

    def check(given: Any) -> str:
        urn = urns.check(given, workspace.default_country)
        owner = context.store.contact_by_urn(workspace, identity_of(urn))
        if owner is None or owner is contact:
            return urn
        raise invalid(f"URN belongs to another contact: {urn}" if by_list else "URN is in use by another contact.")

    by_list = not context.profile.urn_in_use_by_index
    try:
        return fields.items(value, check)
    except Invalid as problem:
        taken = _first_taken(problem.errors) if by_list else None
        raise Invalid([taken]) if taken else problem from None


def _first_taken(errors: Any) -> str | None:
    if not isinstance(errors, Mapping):
        return None
    return next((one for found in errors.values() for one in found if one.startswith("URN belongs")), None)


def _values(value: Any, context: Context, workspace: Workspace) -> dict[str, Any]:
    """Values of fields by key; wrong values are told before unknown keys."""
    clean = fields.dictionary(value, lambda _key, one: _field_value(one)) if value != {} else {}
    if len(clean) > fields.MAX_ITEMS:
        raise invalid(TOO_MANY)
    known = {one.key for one in context.store.fields if one.workspace is workspace}
    strange = next((key for key in clean if key not in known), None)
    if strange is not None:
        raise invalid(f"Invalid contact field key: {strange}")
    return clean


def _field_value(value: Any) -> str | None:
    return None if value is None else fields.text(value, blank=True) or None


def _language(value: Any) -> str:
    code = fields.text(value, limit=3)
    if len(code) < 3:
        raise invalid("Ensure this field has at least 3 characters.")
    if not is_language(code):
        raise invalid("Not a valid ISO639-3 language code.")
    return code


def _change(contact: Contact, clean: Mapping[str, Any], context: Context) -> None:
    if "name" in clean:
        contact.name = clean["name"]
    if "language" in clean:
        contact.language = clean["language"]
    if "urns" in clean:
        context.store.set_urns(contact, clean["urns"])
    if "groups" in clean:
        contact.groups = [one for one in contact.groups if one.query] + clean["groups"]
    contact.fields.update(clean.get("fields", {}))
    if "note" in clean:
        contact.notes.append(clean["note"])
    context.store.touch(contact, context.clock.now())


def delete(call: Call, context: Context) -> Any:
    """DELETE: the contact is gone from lists; its messages stay."""
    if not ("uuid" in call.query or "urn" in call.query):
        raise detail(400, NO_LOOKUP)
    contact = _looked_up(call, context, workspace_of(call))
    if contact is not None:
        release(contact, context)
    return Answer(204, None)


def release(contact: Contact, context: Context) -> None:
    """Take a contact's addresses, groups and values away and hide it."""
    context.store.set_urns(contact, [])
    contact.name, contact.groups, contact.deleted = None, [], True
    contact.fields.clear()
    context.store.touch(contact, context.clock.now())
