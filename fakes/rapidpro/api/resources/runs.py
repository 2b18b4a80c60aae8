"""`/api/v2/runs.json`: flow runs of contacts. Source: rapidpro temba/api/v2 (RunsEndpoint)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.rapidpro.api.http import filters
from fakes.rapidpro.api.http.context import Context, workspace_of
from fakes.rapidpro.api.http.filters import FilteredRows
from fakes.rapidpro.api.http.pages import in_requested_order, page
from fakes.rapidpro.api.http.wire import Call, moment
from fakes.rapidpro.api.values import references, times
from fakes.rapidpro.api.values.urns import display_number
from fakes.rapidpro.store.ordered import Ordered, by_modification, modified
from fakes.rapidpro.store.rows import Contact, Run
from fakes.rapidpro.urns import identity_of, path_of, scheme_of
from fakes.rapidpro.versions.profile import Profile


def read_list(call: Call, context: Context) -> Any:
    """GET runs, last changed first."""
    query, profile = call.query, context.profile
    if profile.validates_uuids:  # the first check gives the error
        uuid, number = filters.uuid(call, "uuid", profile), filters.integer(call, "id")
        flow = filters.uuid(call, "flow", profile)
    else:
        number, uuid, flow = filters.integer(call, "id"), filters.uuid(call, "uuid", profile), query.get("flow")
    responded = filters.is_true(query.get("responded", ""))
    after, before = times.span(call)
    space, name = workspace_of(call).id, flow or query.get("contact")
    rows = context.store.run_indexes.of((space, name) if name else space) or Ordered(by_modification)

    def matches(row: Run) -> bool:
        named = uuid in (None, row.uuid) and number in (None, row.id)
        there = not (flow and row.flow.deleted) and not (query.get("contact") and row.contact.deleted)
        return named and there and (row.responded or not responded)

    without_path = profile.paths_optional and not filters.is_true(query.get("paths", "true"))
    listing = in_requested_order(FilteredRows(rows, matches, after, before, modified), call)
    return page(listing, call, profile, lambda row: show(row, context, without_path=without_path))


def show(row: Run, context: Context, *, without_path: bool = False) -> dict[str, Any]:
    """A run as the API shows it."""
    profile = context.profile
    shown = {
        "id": row.id,
        "uuid": row.uuid,
        "flow": references.reference(row.flow),
        "contact": _contact(row.contact, profile),
        "start": None if row.start is None else {"uuid": row.start.uuid},
        "responded": row.responded,
        "path": None if without_path else _path(row, profile),
        "values": {key: _value(one, profile) for key, one in row.results.items()},
        "created_on": moment(row.created_on),
        "modified_on": moment(row.modified_on),
        "exited_on": moment(row.exited_on),
        "exit_type": None if row.status in ("active", "waiting") else row.status,
    }
    return {name: shown[name] for name in profile.run_fields}


def _path(row: Run, profile: Profile) -> list[dict[str, Any]]:
    return [{"node": one["node_uuid"], "time": _arrived(one, row, profile)} for one in row.path]


def _arrived(step: Mapping[str, Any], row: Run, profile: Profile) -> Any:
    return step["arrived_on"] if profile.run_steps_timed else moment(row.created_on)


def _value(one: Mapping[str, Any], profile: Profile) -> dict[str, Any]:
    shown = {
        "name": one["name"], "value": one["value"], "category": one["category"], "node": one["node_uuid"],
        "time": one["created_on"], "input": one.get("input"),
    }  # fmt: skip
    return {name: shown[name] for name in profile.run_value_fields}


def _contact(row: Contact, profile: Profile) -> dict[str, Any]:
    urn = row.urns[0] if row.urns else None
    if not profile.run_contact_display:
        shown = {} if row.workspace.anonymous else {"urn": urn and identity_of(urn)}
        return {"uuid": row.uuid, **shown, "name": row.name}
    display = None
    if urn is not None and row.workspace.anonymous:
        urn = f"{scheme_of(urn)}:{references.MASK}"
    elif urn is not None:
        display = path_of(urn)
        if scheme_of(urn) == "tel":
            display = display_number(display, row.workspace.default_country)
    stand_in = references.anonymous_refs(row, profile)
    return {"uuid": row.uuid, "name": row.name, "urn": urn, "urn_display": display, **stand_in}
