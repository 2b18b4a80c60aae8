"""`/api/v2/message_actions.json`. Source: rapidpro temba/api/v2 (MessageActionsEndpoint, MsgBulkActionSerializer)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.api.http.context import NO_CONTENT, Answer, Context, writable
from fakes.rapidpro.api.http.wire import Call, ServerError, field_errors, non_field_error
from fakes.rapidpro.api.values import fields, references
from fakes.rapidpro.api.values.fields import Invalid, invalid
from fakes.rapidpro.store.rows import Message, Named, Workspace

CHANGES = MappingProxyType(
    {"archive": ("visible", "archived"), "restore": ("archived", "visible"), "delete": (None, "deleted by user")}
)
"""The visibility that a message must have (None: any), and the new one."""
ACTIONS = ("label", "unlabel", "archive", "restore", "delete")


def act(call: Call, context: Context) -> Any:
    """POST: one action on up to a hundred incoming messages. Missing ones are listed as `failures`."""
    workspace, store = writable(call, context.profile), context.store
    checks: dict[str, fields.Check] = {
        "messages": lambda value: _messages(value, context, workspace),
        "action": lambda value: fields.choice(value, ACTIONS),
        "label": lambda value: references.one(value, references.label_finder(store, workspace, context.profile)),
        "label_name": lambda value: fields.name(value, limit=64),
    }
    try:
        clean = fields.check_fields(call.body, checks, required=("messages", "action"))
    except Invalid as problem:
        raise field_errors(problem.errors) from None
    label = _label(clean, context, workspace)
    for message in clean["messages"]:
        if message is not None:
            _do(clean["action"], message, label, context)
    if None in clean["messages"] and not isinstance(call.body["messages"], list):
        raise ServerError  # keys of an object have no positions
    missing = [name for name, found in zip(call.body["messages"], clean["messages"], strict=True) if found is None]
    return {"failures": missing} if missing else Answer(204, NO_CONTENT)


def _messages(value: Any, context: Context, workspace: Workspace) -> Sequence[Message | None]:
    """The messages; None in place of one that is missing or was not named by its id."""
    known = context.store.message_by_id
    found: list[Message | None] = []

    def find(name: str) -> bool:
        row = known.get(int(name)) if name.lstrip("-").isdecimal() and len(name) < 19 else None
        there = row is not None and row.workspace is workspace and not row.deleted
        found.append(row if there else None)
        return True

    references.many(value, find, context.profile)
    messages = [row if isinstance(one, int) else None for one, row in zip(value, found, strict=True)]
    wrong = next((row for row in messages if row is not None and row.direction != "in"), None)
    if wrong is not None:
        raise invalid(f"Not an incoming message: {wrong.id}")
    return messages


def _label(clean: Mapping[str, Any], context: Context, workspace: Workspace) -> Named | None:
    action, name = clean["action"], clean.get("label_name")
    label: Named | None = clean.get("label")
    if label is not None and name:
        raise non_field_error("Can't specify both label and label_name.")
    needed = action in ("label", "unlabel")
    if needed != (label is not None or bool(name)):
        raise non_field_error(f'For action "{action}" you should {"also" if needed else "not"} specify a label')
    if label is not None or not name:
        return label
    labels = context.store.labels
    if action == "unlabel":
        return next((one for one in labels if one.workspace is workspace and one.name == name), None)
    label = references.by_uuid_or_name(labels, workspace, name)
    if label is None:
        label = Named(context.store.new_uuid(), name, workspace)
        labels.append(label)
    label.name = name  # upper and lower case may differ
    return label


def _do(action: str, message: Message, label: Named | None, context: Context) -> None:
    store = context.store
    now = context.clock.now() if action in context.profile.dated_actions else None
    if label is not None:
        others = [one for one in message.labels if one is not label]
        if (label in message.labels) != (action == "label"):
            kept = references.in_order([*others, label], store.labels) if action == "label" else others
            store.set_labels(message, kept)
            store.set_visibility(message, message.visibility, now)
        return
    before, after = CHANGES.get(action, ("", ""))
    if before in (None, message.visibility):
        store.set_visibility(message, after, now)
