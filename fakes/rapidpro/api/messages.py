"""`/api/v2/messages.json`: what became of messages, and sending one.

Source: rapidpro temba/api/v2/views.py and serializers.py (MessagesEndpoint), temba/msgs/models.py (folders).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fakes.rapidpro.api import fields, filters, objects
from fakes.rapidpro.api.context import Answer, Context, workspace_of, writable
from fakes.rapidpro.api.fields import Invalid
from fakes.rapidpro.api.filters import Filtered, NoTime
from fakes.rapidpro.api.pages import page
from fakes.rapidpro.api.wire import Broken, Call, field_errors, moment, over_fields
from fakes.rapidpro.ordered import Ordered
from fakes.rapidpro.profiles import Profile
from fakes.rapidpro.rows import Message, Workspace

EXCLUSIVE = ("contact", "folder", "label", "broadcast")
SENT = frozenset({"wired", "sent", "delivered", "read"})
EMPTY: Mapping[str, Any] = {"next": None, "previous": None, "results": ()}


def listed(call: Call, context: Context) -> Any:
    """GET: newest first; what is deleted or not handled yet is not shown."""
    store, profile, workspace = context.store, context.profile, workspace_of(call)
    number = filters.integer(call, "id")
    uuid = filters.uuid(call, "uuid", profile) if profile.filter_by_uuid else None
    filters.only_one_of(call, EXCLUSIVE)
    rows, keep, time = _chosen(call, context, workspace)
    try:
        after, before = filters.span(call)
    except NoTime:
        return _empty()
    if rows is None:
        return _empty()
    if number is not None:
        rows = store.only_message(workspace, number, among=rows)

    def shown(row: Message) -> bool:
        return _visible(row) and (keep is None or keep(row)) and (uuid is None or row.uuid == uuid)

    return page(Filtered(rows, shown, after, before, time), call, lambda row: show(row, profile))


Chosen = tuple[Ordered[Message] | None, Callable[[Message], bool] | None, Callable[[Message], datetime]]


def _created(row: Message) -> datetime:
    return row.created_on


def _chosen(call: Call, context: Context, workspace: Workspace) -> Chosen:
    """The rows that `broadcast`, `contact`, `label` or `folder` leave; none: nothing at all."""
    store, asked = context.store, call.query
    if asked.get("broadcast") and context.profile.broadcast_filter:
        try:
            found = store.broadcast_by_id.get(int(asked["broadcast"]))
        except ValueError:
            raise Broken from None
        mine = found is not None and found.workspace is workspace
        return (store.by_broadcast.get(found.id) if found is not None and mine else None), None, _created
    if asked.get("contact"):
        contact = store.contacts.get(asked["contact"])
        known = contact is not None and contact.workspace is workspace and not contact.deleted
        return (store.by_contact.get(asked["contact"]) if known else None), None, _created
    if asked.get("label"):
        name = asked["label"]
        label = next((one for one in store.labels if one.workspace is workspace and name in (one.uuid, one.name)), None)
        if label is None:
            return None, None, _created
        return store.messages[workspace.id], lambda row: label in row.labels, _created
    if asked.get("folder"):
        return _folder(asked["folder"], context, workspace)
    return store.messages[workspace.id], None, _created


def _folder(name: str, context: Context, workspace: Workspace) -> Chosen:
    profile, rows = context.profile, context.store.messages[workspace.id]
    folder = name.lower()
    if name == "incoming" and profile.incoming_folder:
        return _by(rows, lambda row: row.direction == "in", lambda row: row.modified_on)
    if folder == "sent":
        return _by(rows, lambda row: _outgoing(row) and row.status in SENT, lambda row: row.sent_on or row.created_on)
    tests: Mapping[str, Callable[[Message], bool]] = {
        "inbox": lambda row: _incoming(row, profile) and row.flow is None,
        "flows": lambda row: _incoming(row, profile) and row.flow is not None,
        "archived": lambda row: row.direction == "in" and row.visibility == "archived",
        "outbox": lambda row: _outgoing(row) and row.status in profile.outbox,
        "failed": lambda row: _outgoing(row) and row.status == "failed",
    }
    return (rows, tests[folder], _created) if folder in tests else (None, None, _created)


def _by(rows: Ordered[Message], keep: Callable[[Message], bool], time: Callable[[Message], datetime]) -> Chosen:
    """The same rows in the order of another time."""
    return Ordered(lambda row: (time(row), row.id), filter(keep, rows.rows)), None, time


def _incoming(row: Message, profile: Profile) -> bool:
    of_text = profile.filter_by_uuid or row.type == "text"
    return row.direction == "in" and row.visibility == "visible" and of_text


def _outgoing(row: Message) -> bool:
    return row.direction == "out" and row.visibility == "visible"


def _visible(row: Message) -> bool:
    return row.visibility in ("visible", "archived") and not (row.direction == "in" and row.status == "pending")


def _empty() -> dict[str, Any]:
    return {"next": None, "previous": None, "results": []}


def create(call: Call, context: Context) -> Any:
    """POST: one message to one contact that is there."""
    workspace = writable(call, context.profile)
    store, limit = context.store, context.profile.text_limit
    checks: dict[str, fields.Check] = {
        "contact": lambda value: objects.one(value, objects.contact_finder(store, workspace)),
        "text": lambda value: fields.text(value, limit=limit),
        "attachments": lambda value: objects.several(value, lambda _name: None, "Ensure this field has no more than "
                                                     "10 elements."),
    }  # fmt: skip
    try:
        clean = fields.gather(call.body, checks, required=("contact",))
    except Invalid as problem:
        raise field_errors(problem.errors) from None
    if not clean.get("text"):
        raise over_fields("Must provide either text or attachments.")
    context.reach_engine()
    message = context.mailroom.dispatcher.send(workspace, clean["contact"], clean["text"])
    shown = show(message, context.profile)
    shown["contact"]["name"] = shown["contact"]["name"] or context.profile.no_contact_name
    return Answer(201, shown)


def show(row: Message, profile: Profile) -> dict[str, Any]:
    """A message as the API shows it."""
    return {name: _SHOWN[name](row, profile) for name in profile.message_fields}


def _attachments(row: Message) -> list[dict[str, str]]:
    parts = (one.partition(":") for one in row.attachments)
    return [{"content_type": kind, "url": url} for kind, _, url in parts]


def _type(row: Message, profile: Profile) -> str:
    if profile.message_types:
        return row.type
    return "ivr" if row.type == "voice" else "flow" if row.flow is not None else "inbox"


_SHOWN: Mapping[str, Any] = {
    "id": lambda row, _profile: row.id,
    "uuid": lambda row, _profile: row.uuid,
    "broadcast": lambda row, _profile: None if row.broadcast is None else row.broadcast.id,
    "contact": lambda row, _profile: objects.reference(row.contact),
    "urn": lambda row, _profile: None if row.workspace.anonymous else row.urn,
    "channel": lambda row, _profile: objects.reference(row.channel),
    "direction": lambda row, _profile: row.direction,
    "type": _type,
    "status": lambda row, profile: profile.message_words.get(row.status, row.status),
    "archived": lambda row, _profile: row.visibility == "archived",
    "visibility": lambda row, _profile: row.visibility,
    "text": lambda row, _profile: row.text,
    "labels": lambda row, _profile: [objects.reference(one) for one in row.labels],
    "flow": lambda row, _profile: objects.reference(row.flow),
    "attachments": lambda row, _profile: _attachments(row),
    "quick_replies": lambda _row, _profile: [],
    "created_on": lambda row, _profile: moment(row.created_on),
    "sent_on": lambda row, _profile: moment(row.sent_on),
    "modified_on": lambda row, _profile: moment(row.modified_on),
    "media": lambda row, _profile: row.attachments[0] if row.attachments else None,
}
