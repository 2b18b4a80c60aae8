"""`/api/v2/message_actions.json`. Source: rapidpro temba/api/v2 (MessageActionsEndpoint)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from fakes.rapidpro.api import fields, objects
from fakes.rapidpro.api.contacts import choice
from fakes.rapidpro.api.context import Answer, Context, writable
from fakes.rapidpro.api.fields import Invalid, invalid
from fakes.rapidpro.api.wire import Call, field_errors, over_fields
from fakes.rapidpro.rows import Message, Named, Workspace

VISIBILITIES = MappingProxyType({"archive": "archived", "restore": "visible", "delete": "deleted by user"})
ACTIONS = ("label", "unlabel", "archive", "restore", "delete")


def act(call: Call, context: Context) -> Any:
    """POST: one action on up to a hundred incoming messages."""
    workspace, store = writable(call, context.profile), context.store
    checks: dict[str, fields.Check] = {
        "messages": lambda value: fields.items(value, lambda one: _message(one, context, workspace)),
        "action": lambda value: choice(value, ACTIONS),
        "label": lambda value: objects.one(value, lambda name: objects.named(store.labels, workspace, name)),
        "label_name": lambda value: fields.text(value, limit=64),
    }
    try:
        clean = fields.gather(call.body, checks, required=("messages", "action"))
    except Invalid as problem:
        raise field_errors(problem.errors) from None
    label = _label(clean, context, workspace)
    for message in clean["messages"]:
        _do(clean["action"], message, label, context)
    return Answer(204, None)


def _message(value: Any, context: Context, workspace: Workspace) -> Message:
    if isinstance(value, bool) or not isinstance(value, int):
        raise (
            invalid("Must be a string or integer")
            if not isinstance(value, str)
            else invalid(f"No such object: {value}")
        )
    found = context.store.message_by_id.get(value)
    if found is None or found.workspace is not workspace or found.direction != "in" or found.deleted:
        raise invalid(f"No such object: {value}")
    return found


def _label(clean: dict[str, Any], context: Context, workspace: Workspace) -> Named | None:
    action, label, name = clean["action"], clean.get("label"), clean.get("label_name")
    if action in ("label", "unlabel"):
        if label is None and name is None:
            raise over_fields(f'For action "{action}" you should also specify a label')
        if label is None and name is not None:
            label = objects.named(context.store.labels, workspace, name)
            if label is None and action == "label":
                label = Named(context.store.new_uuid(), name, workspace)
                context.store.labels.append(label)
        found: Named | None = label
        return found
    if label is not None or name is not None:
        raise over_fields(f'For action "{action}" you should not specify a label')
    return None


def _do(action: str, message: Message, label: Named | None, context: Context) -> None:
    store = context.store
    if label is not None:
        others = [one for one in message.labels if one is not label]
        store.set_labels(message, [*others, label] if action == "label" else others)
    store.set_visibility(message, VISIBILITIES.get(action, message.visibility), context.clock.now())
