"""Reading what a workspace contains: groups, labels, fields, globals, channels, flows, users.

Source: rapidpro temba/api/v2/views.py and serializers.py, the endpoints of those names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from fakes.rapidpro.api.http import filters
from fakes.rapidpro.api.http.context import Context, workspace_of
from fakes.rapidpro.api.http.filters import FilteredRows
from fakes.rapidpro.api.http.pages import in_requested_order, page
from fakes.rapidpro.api.http.wire import Call, moment, parse_lists
from fakes.rapidpro.api.values import times
from fakes.rapidpro.store.ordered import Ordered
from fakes.rapidpro.store.rows import Channel, Flow, Global, Named, User
from fakes.rapidpro.store.rows import Field as ContactField
from fakes.rapidpro.versions.profile import Profile


def paged(
    rows: list[Any], call: Call, context: Context, show: Callable[[Any], Any], time: str = "", *, turns: bool = False
) -> dict[str, Any]:
    """A page of rows, newest first: by their attribute `time`, else by their order. `turns`: `reverse=` applies."""
    after, before = times.span(call) if time else (None, None)
    numbers = {id(row): number for number, row in enumerate(rows)}
    key = (lambda row: getattr(row, time)) if time else (lambda row: filters.time_of_number(numbers[id(row)]))
    listing = FilteredRows(Ordered(lambda row: (key(row), numbers[id(row)]), rows), None, after, before, key)
    return page(in_requested_order(listing, call) if turns else listing, call, context.profile, show)


def channels(call: Call, context: Context) -> Any:
    """GET channels, newest first."""
    query, profile = call.query, context.profile
    uuid = filters.uuid(call, "uuid", profile) if profile.validates_uuids else query.get("uuid")
    rows = [
        one
        for one in context.store.channels_of(workspace_of(call))
        if (not uuid or one.uuid == uuid) and (not query.get("address") or one.address == query["address"])
    ]
    return paged(rows, call, context, lambda row: _channel(row, typed=profile.channel_type_shown), "created_on")


def _channel(row: Channel, *, typed: bool) -> dict[str, Any]:
    device = None
    if row.type == "android":
        device = {
            "name": row.device, "power_level": -1, "power_status": None, "power_source": None, "network_type": None,
        }  # fmt: skip
    kind = {"type": "external" if row.type == "external HTTP" else row.type} if typed else {}
    return {
        "uuid": row.uuid, "name": row.name, "address": row.address, **kind, "country": row.country, "device": device,
        "last_seen": moment(row.last_seen), "created_on": moment(row.created_on),
    }  # fmt: skip


def groups(call: Call, context: Context) -> Any:
    """GET groups, newest first, the workspace's own system group last."""
    matches = _uuid_or_name_filter(call, context.profile)
    store, workspace, query = context.store, workspace_of(call), call.query
    counts = {id(group): 0 for group in store.groups}
    for contact in store.contacts.values():
        for group in contact.groups:
            if contact.status == "active" and not contact.deleted:
                counts[id(group)] += 1
    system, profile = store.system_group(workspace), context.profile
    mine = [one for one in (system, *store.groups) if one.workspace is workspace]
    by_hand = profile.validates_uuids and filters.is_true(query.get("manual_only", ""))
    rows = [one for one in mine if matches(one) and (profile.system_groups or one is not system)]
    rows = [one for one in rows if one.query is None or not by_hand]
    return paged(
        rows, call, context, lambda row: shown_group(row, counts.get(id(row), 0), profile, system=row is system)
    )


def _uuid_or_name_filter(call: Call, profile: Profile, *, typed: bool = False) -> Callable[[Named], bool]:
    """Whether a group or label matches `uuid` or `name`, of which only one may be given."""
    uuid = filters.uuid(call, "uuid", profile) if profile.validates_uuids else call.query.get("uuid")
    if uuid and typed:
        uuid = filters.as_stored_uuid(uuid)
    name = call.query.get("name", "").lower()
    return lambda row: (not uuid or row.uuid == uuid) and (not name or row.name.lower() == name)


def shown_group(row: Named, count: int, profile: Profile, *, system: bool = False) -> dict[str, Any]:
    """A group as the API shows it."""
    own = {"system": system} if profile.system_groups else {}
    return {"uuid": row.uuid, "name": row.name, "query": row.query, "status": "ready", **own, "count": count}


def labels(call: Call, context: Context) -> Any:
    """GET labels, newest first."""
    store, workspace, profile = context.store, workspace_of(call), context.profile
    matches = _uuid_or_name_filter(call, profile, typed=profile.labels_by_any_uuid_form)
    rows = [one for one in store.labels if one.workspace is workspace and matches(one)]
    return paged(rows, call, context, lambda row: shown_label(row, context))


def shown_label(row: Named, context: Context) -> dict[str, Any]:
    """A label as the API shows it."""
    rows = context.store.by_label.get(row.uuid, ())
    return {"uuid": row.uuid, "name": row.name, "count": sum(one.visibility == "visible" for one in rows)}


def contact_fields(call: Call, context: Context) -> Any:
    """GET fields of contacts."""
    key = call.query.get("key")
    rows = [one for one in context.store.fields if one.workspace is workspace_of(call) and (not key or one.key == key)]
    return paged(rows, call, context, lambda row: shown_field(row, context))


def shown_field(row: ContactField, context: Context) -> dict[str, Any]:
    """A field of contacts as the API shows it."""
    shown = {
        "key": row.key, "name": row.name, "type": row.type, "featured": False, "pinned": False, "priority": 0,
        "usages": {"flows": 0, "groups": 0, "campaign_events": 0}, "agent_access": "view", "label": row.name,
        "value_type": "numeric" if row.type == "number" else row.type,
    }  # fmt: skip
    return {name: shown[name] for name in context.profile.field_fields}


def global_values(call: Call, context: Context) -> Any:
    """GET globals, last changed first."""
    key = call.query.get("key")
    rows = [one for one in context.store.globals if one.workspace is workspace_of(call) and (not key or one.key == key)]
    return paged(rows, call, context, shown_global, "modified_on", turns=True)


def shown_global(row: Global) -> dict[str, Any]:
    """A global value as the API shows it."""
    return {"key": row.key, "name": row.name, "value": row.value, "modified_on": moment(row.modified_on)}


def flows(call: Call, context: Context) -> Any:
    """GET flows, newest first; `before` and `after` apply to modified_on."""
    profile, query = context.profile, call.query
    uuid = filters.uuid(call, "uuid", profile) if profile.validates_uuids else call.query.get("uuid")
    mine = [one for one in context.store.flows if one.workspace is workspace_of(call) and not one.deleted]
    after, before = times.span(call)
    archived = filters.is_true(query["archived"]) if query.get("archived") else None
    rows = [
        one
        for one in mine
        if (not uuid or one.uuid == uuid)
        and query.get("type") in (None, "", one.type)
        and archived in (None, one.archived)
        and (after is None or one.modified_on >= after)
        and (before is None or one.modified_on <= before)
    ]
    runs = _runs(context)
    numbers = {id(row): number for number, row in enumerate(rows)}
    listing = FilteredRows(Ordered(lambda row: (row.created_on, numbers[id(row)]), rows))
    return page(listing, call, profile, lambda row: _flow(row, profile, runs))


def _runs(context: Context) -> Mapping[tuple[str, str], int]:
    """The number of runs by flow and by this version's word for their status."""
    if not context.profile.counts_runs:
        return {}
    active = "waiting" if "waiting" in context.profile.flow_run_counts else "active"
    return Counter((run.flow.uuid, active if run.status == "active" else run.status) for run in context.store.runs)


def _flow(row: Flow, profile: Profile, runs: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    counts = {word: runs.get((row.uuid, word), 0) for word in profile.flow_run_counts}
    result = {
        "key": "answer", "name": "Answer", "categories": ["Yes", "No", "Other"],
        "node_uuids": ["0000000d-0000-4000-8000-000000000001"],
    }  # fmt: skip
    results = row.results if row.made or row.has_definition else [result]
    return {
        "uuid": row.uuid, "name": row.name, "type": row.type, "archived": row.archived, "labels": [],
        "expires": row.expires, "runs": counts, "results": results, "parent_refs": row.parent_refs,
        "created_on": moment(row.created_on), "modified_on": moment(row.modified_on),
    }  # fmt: skip


def users(call: Call, context: Context) -> Any:
    """GET users of the workspace, filtered by `role` and, if this version does, by `email` or `uuid`."""
    workspace, profile = workspace_of(call), context.profile
    query = parse_lists(call.environ.get("QUERY_STRING", ""))
    uuids = filters.uuids_of(query.get("uuid", []), "uuid", profile) if "uuid" in profile.user_filters else []
    emails = [one.lower() for one in query.get("email", [])] if "email" in profile.user_filters else []
    roles = query.get("role")  # unknown ones match nobody
    rows = [
        one
        for one in context.store.users.values()
        if workspace.id in one.roles
        and one.active
        and (not roles or one.roles[workspace.id] in roles)
        and (not uuids or one.uuid in uuids)
        and (not emails or one.email.lower() in emails)
    ]
    return paged(rows, call, context, lambda row: _user(row, workspace.id, context))


def _user(row: User, workspace: int, context: Context) -> dict[str, Any]:
    first, _, last = row.name.partition(" ")
    shown = {
        "uuid": row.uuid, "name": row.name, "email": row.email, "first_name": first, "last_name": last,
        "role": row.roles[workspace], "team": None, "created_on": moment(context.store.created_on), "avatar": None,
    }  # fmt: skip
    return {name: shown[name] for name in context.profile.user_fields}


def channel_events(call: Call, context: Context) -> Any:
    """GET events of channels, such as missed calls: an SMS channel has none."""
    workspace_of(call)
    filters.integer(call, "id")
    return paged([], call, context, lambda row: row)
