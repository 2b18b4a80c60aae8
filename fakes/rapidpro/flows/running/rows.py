"""The store's rows as the engine sees them, and runs as the store keeps them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fakes.rapidpro.flows.engine import Contact, FieldValue, Urn, Workspace
from fakes.rapidpro.flows.engine.state.contact import Ticket
from fakes.rapidpro.flows.engine.state.session import Run
from fakes.rapidpro.flows.engine.state.workspace import (
    Channel,
    FieldDefinition,
    GlobalValue,
    Group,
    Named,
    Resthook,
    User,
)
from fakes.rapidpro.store.records import Records
from fakes.rapidpro.store.records import Workspace as WorkspaceRow
from fakes.rapidpro.urns import identity_of
from fakes.rapidpro.versions.generation import Generation

if TYPE_CHECKING:
    from fakes.rapidpro.flows.expressions import Env

DATE_FORMATS: Mapping[str, str] = MappingProxyType(
    {"day_first": "DD-MM-YYYY", "month_first": "MM-DD-YYYY", "year_first": "YYYY-MM-DD"}
)
"""Source: rapidpro temba/orgs/models.py (DATE_FORMATS_ENGINE); the time is always written as 15:04."""


def engine_workspace(records: Records, workspace: WorkspaceRow, resthooks: Mapping[str, Sequence[str]]) -> Workspace:
    """The workspace with everything that flows may name."""
    return Workspace(
        timezone=workspace.timezone or "UTC",
        country=workspace.default_country or "",
        date_format=DATE_FORMATS[workspace.date_style],
        redacts_urns=workspace.anonymous,
        languages=tuple(workspace.languages),
        fields=tuple(FieldDefinition(one.key, one.name, one.type) for one in records.fields_in(workspace)),
        groups=tuple(Group(one.uuid, one.name, one.query or "") for one in records.groups_in(workspace)),
        labels=tuple(Named(one.uuid, one.name) for one in records.labels_in(workspace)),
        channels=tuple(_channel(one) for one in records.channels_of(workspace)),
        globals=tuple(GlobalValue(key, name, value) for key, name, value in records.globals_of(workspace)),
        users=tuple(User(one.uuid, one.name, one.email) for one in records.users_in(workspace)),
        resthooks=tuple(Resthook(slug, tuple(urls)) for slug, urls in resthooks.items()),
    )


def _channel(row: Any) -> Channel:
    return Channel(row.uuid, row.name, row.address or "", tuple(row.schemes), ("send", "receive"), row.country or "")


def engine_contact(
    records: Records, row: Any, workspace: Workspace, tickets: Sequence[Ticket], now: datetime, generation: Generation
) -> Contact:
    """The contact; the texts of its fields are read as numbers and times."""
    values = {key: str(one) for key, one in row.fields.items() if one not in (None, "")}
    return Contact(
        uuid=row.uuid,
        id=row.id,
        name=row.name or "",
        language=row.language or "",
        status=row.status,
        timezone=getattr(row, "timezone", ""),
        created_on=row.created_on,
        last_seen_on=row.last_seen_on,
        urns=[_urn(records, row, one) for one in row.urns],
        groups=[one.uuid for one in records.groups_of(row)],
        fields=_read(values, workspace, now, generation) if values else {},
        tickets=list(tickets),
    )


def _urn(records: Records, contact: Any, urn: str) -> Urn:
    channel = records.last_channel_of(contact, urn)
    return Urn(identity_of(urn), "" if channel is None else channel.uuid, urn.partition("#")[2])


def _read(
    values: Mapping[str, str], workspace: Workspace, now: datetime, generation: Generation
) -> dict[str, FieldValue]:
    from fakes.rapidpro.flows.engine.changes.readings import field_value
    from fakes.rapidpro.flows.expressions import Env

    zone = ZoneInfo(workspace.timezone)
    env: Env = Env(
        now=now, timezone=zone, date_format=workspace.date_format, country=workspace.country, generation=generation
    )
    read = {key: field_value(text, env) for key, text in values.items()}
    return {key: value for key, value in read.items() if value is not None}


def results_of(run: Run) -> dict[str, dict[str, Any]]:
    """The results of a run as the store keeps them."""
    return {
        key: {
            "name": one.name,
            "value": one.value,
            "category": one.category,
            "category_localized": one.category_localized or one.category,
            "input": one.input,
            "extra": None if one.extra is None else json.loads(one.extra),
            "node_uuid": one.node_uuid,
            "created_on": _written(one.created_on),
        }
        for key, one in run.results.items()
    }


def path_of(run: Run) -> list[dict[str, Any]]:
    """The nodes of a run as the store keeps them."""
    return [{"node_uuid": step.node_uuid, "arrived_on": _written(step.arrived_on)} for step in run.path]


def _written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
