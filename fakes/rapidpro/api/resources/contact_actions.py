"""`/api/v2/contact_actions.json`: one action on many. Source: rapidpro temba/api/v2 (ContactActionsEndpoint)."""

from __future__ import annotations

from typing import Any

from fakes.rapidpro.api.http.context import NO_CONTENT, Answer, Context, writable
from fakes.rapidpro.api.http.wire import Call, field_errors, non_field_error
from fakes.rapidpro.api.resources.contacts import delete_contact, manual_group
from fakes.rapidpro.api.values import fields, references
from fakes.rapidpro.api.values.fields import Invalid, invalid
from fakes.rapidpro.store.rows import Contact, Named

ACTIONS = ("add", "remove", "block", "unblock", "interrupt", "archive_messages", "delete", "archive")


def act(call: Call, context: Context) -> Any:
    """POST contact_actions: one action on up to a hundred contacts."""
    workspace = writable(call, context.profile)
    store = context.store
    checks: dict[str, fields.Check] = {
        "contacts": lambda value: _at_least_one(
            references.many(value, references.contact_finder(store, workspace), context.profile)
        ),
        "action": lambda value: fields.choice(value, ACTIONS),
        "group": lambda value: manual_group(references.one(value, references.group_finder(store, workspace)), value),
    }
    try:
        clean = fields.check_fields(call.body, checks, required=("contacts", "action"))
    except Invalid as problem:
        raise field_errors(problem.errors) from None
    action, group = clean["action"], clean.get("group")
    if (group is not None) != (action in ("add", "remove")):
        raise non_field_error(f'For action "{action}" you should {"also" if group is None else "not"} specify a group')
    away = [one.uuid for one in clean["contacts"] if one.status != "active"]
    if action == "add" and away:
        raise non_field_error(f"Non-active contacts cannot be added to groups: {', '.join(dict.fromkeys(away))}")
    for contact in clean["contacts"]:
        _do(action, contact, group, context)
    return Answer(204, NO_CONTENT)


def _do(action: str, contact: Contact, group: Named | None, context: Context) -> None:
    now = context.clock.now()
    if action == "delete":
        delete_contact(contact, context)
        return
    before = contact.status, contact.groups
    if group is not None and (group in contact.groups) != (action == "add"):
        others = [one for one in contact.groups if one is not group]
        contact.groups = references.in_order([*others, group], context.store.groups) if action == "add" else others
    if action in ("block", "unblock"):
        contact.status = "blocked" if action == "block" else "active"
        contact.groups = [] if action == "block" else contact.groups
    if (contact.status, contact.groups) != before:
        context.store.mark_modified(contact, now)
    if action in ("archive_messages", "archive"):
        for message in list(context.store.by_contact.get(contact.uuid, ())):
            if message.direction == "in" and message.visibility == "visible":
                context.store.set_visibility(message, "archived", now)


def _at_least_one(contacts: list[Contact]) -> list[Contact]:
    if not contacts:
        raise invalid("Contacts can't be empty.")
    return contacts
