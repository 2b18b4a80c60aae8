"""`/api/v2/messages.json`: the status of messages, and sending one.

Source: rapidpro temba/api/v2/views.py and serializers.py (MessagesEndpoint), temba/msgs/models.py (folders).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from fakes.rapidpro.api.http import filters
from fakes.rapidpro.api.http.context import Answer, Context, workspace_of, writable
from fakes.rapidpro.api.http.filters import FilteredRows
from fakes.rapidpro.api.http.pages import empty_page, page
from fakes.rapidpro.api.http.wire import Call, ServerError, field_errors, moment, non_field_error
from fakes.rapidpro.api.values import fields, references, times, translations
from fakes.rapidpro.api.values.fields import Invalid
from fakes.rapidpro.store.folders import FLOWS, INBOX, VOICE, VOICE_FLOWS, created, sent
from fakes.rapidpro.store.ordered import Merged, Ordered, Timed, by_modification, modified
from fakes.rapidpro.store.records import Content
from fakes.rapidpro.store.rows import Message, Workspace
from fakes.rapidpro.store.store import Store
from fakes.rapidpro.versions.profile import Profile


def exclusive(profile: Profile) -> tuple[str, ...]:
    """Parameters of which only one may be given."""
    return ("contact", "folder", "label", *(("broadcast",) if profile.broadcast_filter else ()))


def read_list(call: Call, context: Context) -> Any:
    """GET: newest first, without deleted and unhandled messages."""
    store, profile, workspace = context.store, context.profile, workspace_of(call)
    uuid = filters.uuid(call, "uuid", profile) if profile.filter_by_uuid else None
    number = filters.integer(call, "id")
    rows, time, keep = _select(call, context, workspace)
    if rows is None:
        return empty_page(call, profile)
    after, before = times.span(call)
    if number is not None or uuid is not None:
        rows = store.only_message(workspace, number, uuid, among=rows)
    return page(FilteredRows(rows, keep, after, before, time), call, profile, lambda row: show(row, profile))


RowFilter = Callable[[Message], bool]
Selection = tuple[Timed[Message] | None, Callable[[Message], datetime], RowFilter | None]


def _select(call: Call, context: Context, workspace: Workspace) -> Selection:
    """The rows that `broadcast`, `contact`, `label` or `folder` selects; None: no rows."""
    store, query = context.store, call.query
    if query.get("broadcast") and context.profile.broadcast_filter:
        return _of_broadcast(query["broadcast"], store, workspace), created, _visible
    if query.get("contact"):
        contact = store.contacts.get(query["contact"])
        known = contact is not None and contact.workspace is workspace and not contact.deleted
        return (store.by_contact.get(query["contact"]) if known else None), created, _visible
    if query.get("label"):
        name = references.as_stored(query["label"]) if context.profile.labels_by_any_uuid_form else query["label"]
        label = next((one for one in store.labels if one.workspace is workspace and name in (one.uuid, one.name)), None)
        keep = _visible if context.profile.labels_archived else _not_archived
        return (None if label is None else store.by_label.get(label.uuid)), created, keep
    if query.get("folder"):
        return _folder(query["folder"], context, workspace)
    return store.messages[workspace.id], created, _visible


def _of_broadcast(name: str, store: Store, workspace: Workspace) -> Ordered[Message] | None:
    try:
        found = store.broadcast_by_id.get(int(name))
    except ValueError:
        raise ServerError from None
    return None if found is None or found.workspace is not workspace else store.by_broadcast.get(found.id)


def _folder(name: str, context: Context, workspace: Workspace) -> Selection:
    profile, folders, folder = context.profile, context.store.folders, name.lower()
    if name == "incoming" and profile.incoming_folder:
        if not profile.incoming_unhandled:
            return folders.of(workspace.id, ("incoming",)), modified, None
        both = [folders.of(workspace.id, (one,)) for one in ("incoming", "unhandled")]
        return Merged(both, by_modification), modified, None
    if folder == "sent" and profile.sent_ordered_by_sent_on:
        return folders.of(workspace.id, ("sent by time",)), sent, None
    indexes: Mapping[str, Iterable[str]] = {
        "inbox": (INBOX, VOICE) if profile.voice_in_inbox else (INBOX,),
        "flows": (FLOWS, VOICE_FLOWS) if profile.voice_in_inbox else (FLOWS,),
        "archived": ("archived",),
        "outbox": profile.outbox_statuses,
        "sent": profile.sent_statuses,
        "failed": ("failed",),
    }
    return (folders.of(workspace.id, indexes[folder]) if folder in indexes else None), created, None


def _visible(row: Message) -> bool:
    return not row.deleted and not (row.direction == "in" and row.status == "pending")


def _not_archived(row: Message) -> bool:
    return _visible(row) and row.visibility == "visible"


def create(call: Call, context: Context) -> Any:
    """POST: one message to one existing contact."""
    store, limit, mine = context.store, context.profile.text_limit, workspace_of(call)
    named = filters.creates_despite_uuid(call, context.profile, lambda uuid: _named(store, mine, uuid), "Msg")
    workspace = writable(call, context.profile)
    checks: dict[str, fields.Check] = {
        "contact": lambda value: references.one(value, references.contact_finder(store, workspace)),
        "text": lambda value: fields.text(value, limit=limit),
        "attachments": lambda value: translations.media(value, context.profile),
    }
    if "messages" in context.profile.accepts_ticket:
        checks["ticket"] = references.ticket_check
    if context.profile.quick_replies:
        checks["quick_replies"] = lambda value: translations.replies(value, context.profile)
    try:
        clean = fields.check_fields(call.body, checks, required=("contact",))
    except Invalid as problem:
        raise field_errors(problem.errors) from None
    if not clean.get("text"):
        raise non_field_error("Must provide either text or attachments.")
    context.require_engine()
    replies = tuple(clean.get("quick_replies") or ())
    content = Content(clean["text"], quick_replies=replies)
    message = context.mailroom.dispatcher.send(workspace, clean["contact"], content, sent_by=call.token_name)
    shown = show(message, context.profile)
    shown["contact"]["name"] = shown["contact"]["name"] or context.profile.no_contact_name
    return Answer(200 if named else 201, shown)


def _named(store: Store, workspace: Workspace, uuid: str) -> Message | None:
    found = store.message_by_uuid.get(uuid)
    return found if found is not None and found.workspace is workspace and _visible(found) else None


def show(row: Message, profile: Profile) -> dict[str, Any]:
    """A message as the API shows it."""
    return {name: _FIELDS[name](row, profile) for name in profile.message_fields}


def _attachments(row: Message) -> list[dict[str, str]]:
    parts = (one.partition(":") for one in row.attachments)
    return [{"content_type": kind, "url": url} for kind, _, url in parts]


def _type(row: Message, profile: Profile) -> str | None:
    if profile.message_types:
        return row.type
    if row.status == "pending" and row.direction == "in":
        return None
    return "ivr" if row.type == "voice" else "flow" if row.flow is not None else "inbox"


_FIELDS: Mapping[str, Any] = {
    "id": lambda row, _profile: row.id,
    "uuid": lambda row, _profile: row.uuid,
    "broadcast": lambda row, _profile: None if row.broadcast is None else row.broadcast.id,
    "contact": lambda row, _profile: references.reference(row.contact),
    "urn": lambda row, _profile: None if row.workspace.anonymous else row.urn,
    "channel": lambda row, _profile: references.reference(row.channel),
    "direction": lambda row, _profile: row.direction,
    "type": _type,
    "status": lambda row, profile: profile.message_statuses.get(row.status, row.status),
    "archived": lambda row, _profile: row.visibility == "archived",
    "visibility": lambda row, profile: profile.deleted_visibility if row.deleted else row.visibility,
    "text": lambda row, _profile: row.text,
    "labels": lambda row, _profile: [references.reference(one) for one in row.labels],
    "flow": lambda row, _profile: references.reference(row.flow),
    "attachments": lambda row, _profile: _attachments(row),
    "quick_replies": lambda row, _profile: list(row.quick_replies),
    "created_on": lambda row, _profile: moment(row.created_on),
    "sent_on": lambda row, _profile: moment(row.sent_on),
    "modified_on": lambda row, _profile: moment(row.modified_on),
    "media": lambda row, _profile: row.attachments[0] if row.attachments else None,
}
