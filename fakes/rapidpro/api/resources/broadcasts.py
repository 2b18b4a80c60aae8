"""`/api/v2/broadcasts.json`: sending a text to many, and seeing its progress.

Source: rapidpro temba/api/v2/views.py and serializers.py (BroadcastsEndpoint); versions as in `profiles`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.rapidpro.api.http import filters
from fakes.rapidpro.api.http.context import Answer, Context, workspace_of, writable
from fakes.rapidpro.api.http.filters import FilteredRows
from fakes.rapidpro.api.http.pages import page
from fakes.rapidpro.api.http.wire import Call, ServerError, field_errors, moment, non_field_error
from fakes.rapidpro.api.values import fields, references, times, translations, urns
from fakes.rapidpro.api.values.fields import Invalid
from fakes.rapidpro.store.rows import Broadcast, Workspace
from fakes.rapidpro.store.store import Store
from fakes.rapidpro.versions.profile import Profile

NO_TEXT = "Must provide either text or attachments."
NO_RECIPIENTS = "Must provide either urns, contacts or groups."


def read_list(call: Call, context: Context) -> Any:
    """GET: newest first; scheduled ones are not shown."""
    store, profile = context.store, context.profile
    uuid = filters.uuid(call, "uuid", profile) if profile.filter_by_uuid else None
    number = filters.integer(call, "id")
    workspace = workspace_of(call)
    after, before = times.span(call)
    rows = store.broadcasts[workspace.id]
    if number is not None or uuid is not None:
        rows = store.only_broadcast(workspace, number, uuid)
    return page(FilteredRows(rows, None, after, before), call, profile, lambda row: show(row, store, profile))


def create(call: Call, context: Context) -> Any:
    """POST: stored as pending and passed to the message engine. There is no idempotency."""
    store, profile = context.store, context.profile
    named = "uuid" in call.query and _named(call, context)
    workspace = writable(call, profile)
    clean = _clean(call, context, workspace)
    context.require_engine()
    if profile.engine_by_http and (_has_duplicates(clean.get("contacts")) or _has_duplicates(clean.get("groups"))):
        raise ServerError  # mailroom inserts them unchanged into a table with a unique key
    broadcast = store.add_broadcast(_row(clean, context, workspace))
    broadcast.sent_by = call.token_name
    if context.engine_is_working():
        context.mailroom.broadcast_created(broadcast)
    return Answer(200 if named else 201, show(broadcast, store, profile))


def _has_duplicates(rows: list[Any] | None) -> bool:
    return rows is not None and len(set(rows)) < len(rows)


def _named(call: Call, context: Context) -> bool:
    """Whether `uuid=` names an existing broadcast; ServerError in versions without that column."""
    profile, mine = context.profile, workspace_of(call)
    if not profile.filter_by_uuid:
        raise ServerError

    def find(uuid: str) -> Broadcast | None:
        found = context.store.broadcast_by_uuid.get(uuid)
        return found if found is not None and found.workspace is mine else None

    return filters.creates_despite_uuid(call, profile, find, "Broadcast")


def _clean(call: Call, context: Context, workspace: Workspace) -> dict[str, Any]:
    body: Mapping[str, Any] = call.body
    try:
        if context.profile.serializer == "old":
            return _clean_until_8_1(body, context, workspace)
        return _clean_since_8_1(body, context, workspace)
    except Invalid as problem:
        raise field_errors(problem.errors) from None


def _clean_since_8_1(body: Mapping[str, Any], context: Context, workspace: Workspace) -> dict[str, Any]:
    store, profile, country = context.store, context.profile, workspace.default_country
    checks: dict[str, fields.Check] = {
        "urns": lambda value: fields.items(value, lambda one: urns.check(one, country), profile),
        "contacts": lambda value: references.many(value, references.contact_finder(store, workspace), profile),
        "groups": lambda value: references.many(value, references.group_finder(store, workspace), profile),
        "text": lambda value: translations.texts(value, workspace, profile),
        "attachments": lambda value: translations.attachments(value, workspace, profile),
        "base_language": translations.language,
    }
    if profile.quick_replies:
        checks["quick_replies"] = lambda value: translations.quick_replies(value, workspace, profile)
    clean = fields.check_fields(body, checks)
    texts = clean.get("text") or clean.get("attachments")
    if not texts:
        raise non_field_error(NO_TEXT)
    if not (clean.get("urns") or clean.get("contacts") or clean.get("groups")):
        raise non_field_error(NO_RECIPIENTS)
    base = clean.setdefault("base_language", next(iter(texts)))
    if base not in clean.get("text", texts):
        raise non_field_error("No text translation provided in base language.")
    for name, noun in (("attachments", "attachment"), ("quick_replies", "quick_replies")):
        if "base_language" in body and clean.get(name) and base not in clean[name]:
            raise non_field_error(f"No {noun} translations provided in base language.")
    return clean


def _clean_until_8_1(body: Mapping[str, Any], context: Context, workspace: Workspace) -> dict[str, Any]:
    store, profile, country = context.store, context.profile, workspace.default_country
    checks: dict[str, fields.Check] = {
        "urns": lambda value: fields.items(value, lambda one: urns.check(one, country, limited=False), profile),
        "contacts": lambda value: references.many(value, references.contact_finder(store, workspace), profile),
        "groups": lambda value: references.many(value, references.group_finder(store, workspace), profile),
        "text": lambda value: translations.texts_until_8_1(value, workspace, profile),
    }
    if "broadcasts" in profile.accepts_ticket:
        checks["ticket"] = references.ticket_check
    clean = fields.check_fields(body, checks, required=("text",))
    if not (clean.get("urns") or clean.get("contacts") or clean.get("groups")):
        raise non_field_error(NO_RECIPIENTS.removesuffix("."))
    clean["base_language"] = workspace.languages[0] if workspace.languages else "base"
    return clean


def _row(clean: Mapping[str, Any], context: Context, workspace: Workspace) -> Broadcast:
    by_language: dict[str, dict[str, Any]] = {}
    for name in ("text", "attachments", "quick_replies"):
        for key, part in (clean.get(name) or {}).items():
            by_language.setdefault(key, {})[name] = part
    if context.profile.engine_by_http and len(by_language) > 1:
        # The database orders keys by length, then alphabetically; versions that read the row back show that order.
        by_language = dict(sorted(by_language.items(), key=lambda item: (len(item[0]), item[0])))
    return Broadcast(
        context.store.next_id("broadcast"),
        context.mailroom.runtime.new_uuid(),
        workspace,
        "pending",
        None,
        clean.get("urns") or [],
        sorted(set(clean.get("contacts") or ()), key=lambda one: one.id),
        references.in_order(clean.get("groups") or (), context.store.groups),
        by_language,
        clean["base_language"],
        context.clock.now(),
    )  # fmt: skip


def show(row: Broadcast, store: Store, profile: Profile) -> dict[str, Any]:
    """A broadcast as the API shows it."""
    return {name: _FIELDS[name](row, store, profile) for name in profile.broadcast_fields}


def _text(row: Broadcast, _store: Store, profile: Profile) -> dict[str, Any]:
    unset = None if profile.null_text_allowed else ""
    return {
        key: one.get("text") or (unset if one.get("attachments") or "text" not in one else "")
        for key, one in row.translations.items()
    }


def _progress(row: Broadcast, store: Store, _profile: Profile) -> dict[str, int]:
    made = store.by_broadcast.get(row.id)
    return {"total": row.contact_count or -1, "started": 0 if made is None else len(made)}


def _status(row: Broadcast, _store: Store, profile: Profile) -> str:
    return row.status if profile.broadcast_statuses is None else profile.broadcast_statuses[row.status]


_FIELDS: Mapping[str, Any] = {
    "id": lambda row, _store, _profile: row.id,
    "uuid": lambda row, _store, _profile: row.uuid,
    "status": _status,
    "progress": _progress,
    "urns": lambda row, _store, _profile: None if row.workspace.anonymous else row.urns or [],
    "contacts": lambda row, _store, _profile: [references.reference(one) for one in row.contacts],
    "groups": lambda row, _store, _profile: [references.reference(one) for one in row.groups],
    "text": _text,
    "attachments": lambda row, _store, _profile: {
        key: one.get("attachments", []) for key, one in row.translations.items()
    },
    "quick_replies": lambda row, _store, _profile: {
        key: one.get("quick_replies", []) for key, one in row.translations.items()
    },
    "base_language": lambda row, _store, _profile: row.base_language,
    "created_on": lambda row, _store, _profile: moment(row.created_on),
}
