"""`/api/v2/contacts.json`: people. Source: rapidpro temba/api/v2 (ContactsEndpoint)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.rapidpro.api.http import filters
from fakes.rapidpro.api.http.context import Answer, Context, workspace_of, writable
from fakes.rapidpro.api.http.filters import FilteredRows
from fakes.rapidpro.api.http.pages import in_requested_order, page
from fakes.rapidpro.api.http.wire import Call, detail, field_errors, non_field_error
from fakes.rapidpro.api.resources.contact_json import show
from fakes.rapidpro.api.values import fields, references, times, urns
from fakes.rapidpro.api.values.fields import Invalid, invalid
from fakes.rapidpro.api.values.languages import is_language
from fakes.rapidpro.store.ordered import Ordered, by_modification, modified
from fakes.rapidpro.store.rows import Contact, Named, Note, Workspace
from fakes.rapidpro.urns import identity_of

NO_LOOKUP = "URL must contain one of the following parameters: urn, uuid"
TWO_LOOKUPS = "URL can only contain one of the following parameters: urn, uuid"
MAX_NOTES = 5
NOT_ACTIVE = "Non-active contacts can't be added to groups"


def read_list(call: Call, context: Context) -> Any:
    """GET: last changed first."""
    store, profile, workspace = context.store, context.profile, workspace_of(call)
    uuid = filters.uuid(call, "uuid", profile) if profile.validates_uuids else call.query.get("uuid")
    owner = _by_urn(call, context, workspace) if call.query.get("urn") else None
    group = call.query.get("group")
    deleted = filters.is_true(call.query.get("deleted", ""))
    after, before = times.span(call)
    mine = [one for one in store.groups if one.workspace is workspace] if group else []
    named = next((one for one in mine if group in (one.uuid, one.name)), None)
    rows = store.contact_indexes.of((workspace.id, deleted)) or Ordered(by_modification)
    if uuid or call.query.get("urn"):
        contact = owner if call.query.get("urn") else store.contacts.get(uuid or "")
        one = [contact] if contact is not None and contact in rows and (not uuid or contact.uuid == uuid) else []
        rows = Ordered(by_modification, one)
    keep = (lambda row: named is not None and named in row.groups) if group else None
    listing = in_requested_order(FilteredRows(rows, keep, after, before, modified), call)
    return page(listing, call, profile, lambda row: show(row, context, call))


def _by_urn(call: Call, context: Context, workspace: Workspace) -> Contact | None:
    return context.store.contact_by_urn(workspace, identity_of(_asked(call, workspace)))


def _asked(call: Call, workspace: Workspace) -> str:
    """The URN of `urn=`, normalized; it need not be valid."""
    if workspace.anonymous:
        raise detail(400, "URN lookups not allowed for anonymous organizations")
    normal = urns.normalize(call.query["urn"], workspace.default_country)
    if normal is None:
        raise detail(400, f"Invalid URN: {call.query['urn']}")
    return normal


def _requested_contact(call: Call, context: Context, workspace: Workspace) -> Contact | None:
    """The contact of `uuid=` or `urn=`; None without either, or if no contact has the URN of a POST."""
    owner = _by_urn(call, context, workspace) if "urn" in call.query else None
    uuid = filters.requested_uuid(call, context.profile, typed=False)
    if uuid is not None and "urn" in call.query:
        raise detail(400, TWO_LOOKUPS)
    missing = detail(404, context.profile.not_found_text.format(model="Contact"))
    if uuid is not None:
        found = context.store.contacts.get(uuid)
        if found is None or found.workspace is not workspace:
            raise missing
        return found
    if owner is None and "urn" in call.query and call.method == "DELETE":
        raise missing
    return owner


def write(call: Call, context: Context) -> Any:
    """POST: a new contact, or with `uuid=` or `urn=` a change to one."""
    contact = _requested_contact(call, context, workspace_of(call))
    workspace = writable(call, context.profile)  # checked after the contact and before any field
    try:
        clean = _clean(call.body, contact, context, call)
        if contact is not None and contact.deleted:
            raise non_field_error(context.profile.deleted_contact_text)
        if contact is None and not clean.get("urns") and "urn" in call.query:
            clean["urns"] = [_new_urn(identity_of(_asked(call, workspace)))]
        if contact is None:
            return Answer(201, show(_created(clean, context, workspace), context))
    except Invalid as problem:
        raise field_errors(problem.errors) from None
    _change(contact, clean, context, call)
    return Answer(200, show(contact, context))


def _new_urn(urn: str) -> str:
    """The URN of a new contact, which is validated without the workspace's country."""
    try:
        return urns.valid(urn, "")
    except Invalid as problem:
        raise non_field_error(problem.errors[0]) from None


def _created(clean: Mapping[str, Any], context: Context, workspace: Workspace) -> Contact:
    """A new contact. The message engine creates it, and reports only the first URN of another contact."""
    store, now, body = context.store, context.clock.now(), clean.get("urns") or []
    for index, urn in enumerate(body):
        if store.contact_by_urn(workspace, identity_of(urn)) is not None:
            raise Invalid({"urns": {str(index): ["URN is in use by another contact."]}})
    number, uuid, name = store.next_id("contact"), store.new_uuid(), clean.get("name")
    values = {key: value for key, value in clean.get("fields", {}).items() if value is not None}
    groups, language = references.in_order(clean.get("groups", ()), store.groups), clean.get("language")
    made = Contact(number, uuid, name, language, "active", [], values, groups, now, now, workspace)
    store.add_contact(made)
    store.set_urns(made, _without_duplicates(body))
    return made


def _without_duplicates(body: list[str]) -> list[str]:
    """URNs without duplicates; the first of equal ones stays."""
    return list({identity_of(urn): urn for urn in reversed(body)}.values())[::-1]


def _clean(body: Mapping[str, Any], contact: Contact | None, context: Context, call: Call) -> dict[str, Any]:
    store, workspace = context.store, workspace_of(call)
    finder = references.group_finder(store, workspace)

    checks: dict[str, fields.Check] = {
        "name": lambda value: value if value is None else fields.text(value, limit=64),
        "language": lambda value: value if value is None else _language(value),
        "note": lambda value: fields.text(value, limit=10_000, blank=True),
        "urns": lambda value: _urns(value, contact, context, call),
        "groups": lambda value: _check_joinable(
            references.many(value, lambda name: manual_group(finder(name), name), context.profile), contact
        ),
        "fields": lambda value: _values(value, context, workspace),
    }
    if "notes" not in context.profile.contact_fields:
        del checks["note"]
    return fields.check_fields(body, checks)


def manual_group(group: Named | None, name: Any) -> Named | None:
    """The group, which must not be query-based."""
    if group is not None and group.query:
        raise invalid(f"Contact group must not be query based: {name}")
    return group


def _check_joinable(groups: list[Named], contact: Contact | None) -> list[Named]:
    if contact is not None and contact.status != "active" and groups:
        raise invalid(NOT_ACTIVE)
    return groups


def _urns(value: Any, contact: Contact | None, context: Context, call: Call) -> list[str]:
    """URNs. Whether they are allowed at all is checked after they are valid. Up to v9.0 those of others are refused."""
    workspace = workspace_of(call)
    clean: list[str] = fields.items(value, lambda one: urns.check(one, workspace.default_country), context.profile)
    if "urn" in call.query:
        raise invalid("Field not allowed when using URN in URL")
    if workspace.anonymous and contact is not None:
        raise invalid("Updating URNs not allowed for anonymous organizations")
    if contact is None and not context.profile.urn_in_use_by_index:
        for urn in clean:
            if context.store.contact_by_urn(workspace, identity_of(urn)) is not None:
                raise invalid(f"URN belongs to another contact: {urn}")
    return clean


def _values(value: Any, context: Context, workspace: Workspace) -> dict[str, Any]:
    """Values of fields by key; errors of values come before unknown keys."""
    fields.count_first(value, context.profile)
    clean = fields.dictionary(value, lambda _key, one: _field_value(one)) if value != {} else {}
    if len(clean) > fields.MAX_ITEMS:
        raise invalid(fields.too_many(context.profile))
    known = {one.key for one in context.store.fields if one.workspace is workspace}
    unknown = next((key for key in clean if key not in known), None)
    if unknown is not None:
        raise invalid(f"Invalid contact field key: {unknown}")
    return clean


def _field_value(value: Any) -> str | None:
    return None if value is None else fields.text(value, blank=True) or None


def _language(value: Any) -> str:
    code = fields.text(value, limit=3)
    if len(code) < 3:
        raise invalid("Ensure this field has at least 3 characters.")
    if not is_language(code.lower()):
        raise invalid("Not a valid ISO639-3 language code.")
    return code


def _change(contact: Contact, clean: Mapping[str, Any], context: Context, call: Call) -> None:
    """Apply a change; modified_on stays if nothing differs afterwards."""
    before = _state(contact)
    contact.name = clean.get("name", contact.name)
    contact.language = clean.get("language", contact.language)
    if "urns" in clean:
        _assign_urns(contact, _without_duplicates(clean["urns"]), context)
    if "groups" in clean:
        smart = [one for one in contact.groups if one.query]
        contact.groups = references.in_order([*smart, *clean["groups"]], context.store.groups)
    contact.fields.update(clean.get("fields", {}))
    if _state(contact) != before:
        context.store.mark_modified(contact, context.clock.now())
    if "note" in clean and call.user is not None:
        contact.notes = [*contact.notes, Note(clean["note"], context.clock.now(), call.user)][-MAX_NOTES:]


def _state(contact: Contact) -> tuple[Any, ...]:
    values = {key: value for key, value in contact.fields.items() if value is not None}
    return contact.name, contact.language, list(contact.urns), {one.uuid for one in contact.groups}, values


def _assign_urns(contact: Contact, wanted: list[str], context: Context) -> None:
    """Set a contact's URNs; those of others are taken away from them or, in later versions, left out."""
    store, workspace = context.store, contact.workspace
    kept = []
    for urn in wanted:
        owner = store.contact_by_urn(workspace, identity_of(urn))
        if owner is not None and owner is not contact:
            if not context.profile.steals_urns:
                continue
            store.set_urns(owner, [one for one in owner.urns if identity_of(one) != identity_of(urn)])
            store.mark_modified(owner, context.clock.now())
        kept.append(urn)
    store.set_urns(contact, kept)


def delete(call: Call, context: Context) -> Any:
    """DELETE: the contact disappears from lists; its messages stay."""
    if not ("uuid" in call.query or "urn" in call.query):
        raise detail(400, NO_LOOKUP)
    contact = _requested_contact(call, context, workspace_of(call))
    if contact is not None:
        delete_contact(contact, context)
    return Answer(204, None)


def delete_contact(contact: Contact, context: Context) -> None:
    """Remove a contact's URNs, groups and values, and hide it."""
    context.store.set_urns(contact, [])
    contact.name, contact.groups, contact.deleted = None, [], True
    contact.fields.clear()
    context.store.mark_modified(contact, context.clock.now())
