"""`/api/v2/flow_starts.json`: starting a flow for people. Source: rapidpro temba/api/v2 (FlowStartsEndpoint)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from fakes.rapidpro.api.http import filters
from fakes.rapidpro.api.http.context import Answer, Context, workspace_of, writable
from fakes.rapidpro.api.http.filters import FilteredRows
from fakes.rapidpro.api.http.pages import in_requested_order, page
from fakes.rapidpro.api.http.wire import Call, ServerError, field_errors, moment, non_field_error
from fakes.rapidpro.api.values import fields, references, times, urns
from fakes.rapidpro.api.values.fields import Invalid, invalid
from fakes.rapidpro.store.ordered import Ordered, by_modification, modified
from fakes.rapidpro.store.rows import FlowStart, Workspace
from fakes.rapidpro.versions.profile import Profile

NO_RECIPIENTS = "Must specify at least one group, contact or URN"
PARAM_LIMIT = 640
MAX_EXTRA = 256
"""Values of `extra` that are kept; objects and lists count as one each."""
USER_ORIGINS = frozenset({"api", "manual"})


def read_list(call: Call, context: Context) -> Any:
    """GET: starts made by users, last changed first."""
    store, profile, workspace = context.store, context.profile, workspace_of(call)
    number = filters.integer(call, "id") if profile.starts_by_id else None
    uuid = filters.uuid(call, "uuid", profile)
    after, before = times.span(call)

    def matches(row: FlowStart) -> bool:
        return row.origin in USER_ORIGINS and uuid in (None, row.uuid) and number in (None, row.id)

    rows = store.start_indexes.of(workspace.id) or Ordered(by_modification)
    listing = in_requested_order(FilteredRows(rows, matches, after, before, modified), call)
    return page(listing, call, profile, lambda row: _in_list(row, profile))


def create(call: Call, context: Context) -> Any:
    """POST: stored as pending and passed to mailroom."""
    mine, starts = workspace_of(call), context.store.starts
    named = filters.creates_despite_uuid(call, context.profile, lambda uuid: _named(starts, mine, uuid), "FlowStart")
    workspace = writable(call, context.profile)
    try:
        clean = _clean(call.body, context, workspace)
    except Invalid as problem:
        raise field_errors(problem.errors) from None
    if not (clean.get("groups") or clean.get("contacts") or clean.get("urns")):
        raise non_field_error(NO_RECIPIENTS)
    start = _row(clean, call, context, workspace)
    start.sent_by = call.token_name
    context.store.add_start(start)
    if context.engine_is_working():
        context.mailroom.flow_started(start)
    return Answer(200 if named else 201, show(start, context.profile))


def _named(starts: Iterable[FlowStart], workspace: Workspace, uuid: str) -> FlowStart | None:
    return next((one for one in starts if one.uuid == uuid and one.workspace is workspace), None)


def _clean(body: Mapping[str, Any], context: Context, workspace: Workspace) -> dict[str, Any]:
    store, profile = context.store, context.profile
    checks: dict[str, fields.Check] = {
        "flow": lambda value: references.one(value, references.flow_finder(store, workspace)),
        "contacts": lambda value: references.many(value, references.contact_finder(store, workspace), profile),
        "groups": lambda value: references.many(value, references.group_finder(store, workspace), profile),
        "urns": lambda value: fields.items(value, lambda one: urns.check(one, workspace.default_country), profile),
        "restart_participants": fields.boolean,
        "exclude_active": fields.boolean,
        "extra": extra,
        "params": lambda value: params(value, profile),
    }
    return fields.check_fields(body, checks, required=("flow",))


def params(value: Any, profile: Profile) -> dict[str, Any]:
    """Values for the flow; normalized up to v10.1.40, later of limited length."""
    if profile.narrows_params:
        return extra(value)
    values = _object(value)
    if profile.params_limit is not None and len(json.dumps(values)) > profile.params_limit:
        raise invalid(f"Cannot exceed {profile.params_limit:,} characters encoded.")
    return _storable(values)


def extra(value: Any) -> dict[str, Any]:
    """The old name of params: always normalized; the first few values are kept."""
    narrowed: dict[str, Any] = _normalized(_object(value), [-1])
    return _storable(narrowed)


def _object(value: Any) -> dict[str, Any]:
    if value is None:
        raise invalid(fields.NULL)
    if not isinstance(value, dict):
        raise invalid("Must be a valid JSON object")
    return value


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    if not is_storable(value):
        raise ServerError
    return value


def is_storable(value: Any) -> bool:
    """The value, if the database accepts it as JSON, without NUL and lone surrogates; else ServerError."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list):
            left += one
        elif isinstance(one, str) and ("\x00" in one or not is_text(one)):
            return False
    return True


def is_text(value: str) -> bool:
    """Whether it can be written as UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _normalized(value: Any, count: list[int]) -> Any:
    """The normalized form; `seen` counts the values up to the limit."""
    count[0] += 1
    if isinstance(value, dict):
        pairs: Iterable[tuple[str, Any]] = (
            (re.sub(r"[^a-zA-Z0-9_]", "_", key)[:255], one) for key, one in value.items()
        )
    elif isinstance(value, list):
        pairs = ((str(index), one) for index, one in enumerate(value))
    else:
        return "" if value is None else value[:PARAM_LIMIT] if isinstance(value, str) else value
    found = {}
    for key, one in pairs:
        found[key] = _normalized(one, count)
        if count[0] >= MAX_EXTRA:
            break
    return found


def _row(clean: Mapping[str, Any], call: Call, context: Context, workspace: Workspace) -> FlowStart:
    now = context.clock.now()
    values = clean.get("params") or clean.get("extra", {})
    exclusions = {
        "in_a_flow": clean.get("exclude_active", False),
        "started_previously": not clean.get("restart_participants", True),
    }
    return FlowStart(
        context.store.next_id("start"),
        context.store.new_uuid(),
        workspace,
        clean["flow"],
        "api",
        "pending",
        None,
        clean.get("urns") or [],
        sorted(set(clean.get("contacts") or ()), key=lambda one: one.id),
        references.in_order(clean.get("groups") or (), context.store.groups),
        exclusions,
        _kept(values, context.profile),
        call.user.email if call.user else None,
        now,
        now,
    )  # fmt: skip


def _kept(values: Any, profile: Profile) -> Any:
    if not values and profile.null_params:
        return None
    return _in_database_order(values) if profile.reads_starts_back else values


def _in_database_order(value: Any) -> Any:
    """JSON with its keys ordered by length, then alphabetically; without recursion, since it may be deep."""

    def ordered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return dict(sorted(pairs, key=lambda pair: (len(pair[0].encode()), pair[0])))

    return json.loads(json.dumps(value), object_pairs_hook=ordered) if value else value


def _in_list(row: FlowStart, profile: Profile) -> dict[str, Any]:
    """A flow start as read from the database, which orders the keys of params in its own way."""
    shown = show(row, profile)
    return {**shown, **{name: _in_database_order(shown[name]) for name in ("params", "extra") if name in shown}}


def show(row: FlowStart, profile: Profile) -> dict[str, Any]:
    """A flow start as the API shows it; addresses are never shown."""
    return {name: _SHOWN[name](row, profile) for name in profile.start_fields}


def _status(row: FlowStart, profile: Profile) -> str:
    return row.status if profile.start_statuses is None else profile.start_statuses.get(row.status, row.status)


def _excludes_active(row: FlowStart, profile: Profile) -> Any:
    # A start without stored exclusions shows the empty object itself in some versions.
    return row.exclusions.get("in_a_flow", False) if row.exclusions or not profile.empty_exclusions else {}


_SHOWN: Mapping[str, Any] = {
    "id": lambda row, _profile: row.id,
    "uuid": lambda row, _profile: row.uuid,
    "flow": lambda row, _profile: references.reference(row.flow),
    "status": _status,
    "progress": lambda row, _profile: {"total": row.contact_count or -1, "started": row.runs_made},
    "groups": lambda row, _profile: [references.reference(one) for one in row.groups],
    "contacts": lambda row, _profile: [references.reference(one) for one in row.contacts],
    "params": lambda row, _profile: row.params,
    "extra": lambda row, _profile: row.params,
    "restart_participants": lambda row, _profile: not (row.exclusions or {}).get("started_previously", False),
    "exclude_active": _excludes_active,
    "created_on": lambda row, _profile: moment(row.created_on),
    "modified_on": lambda row, _profile: moment(row.modified_on),
}
