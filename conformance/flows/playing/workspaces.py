"""The workspace and the contact of a conversation: what the file says, what the export lists, what its flows name."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from conformance.flows.conversations.model import Setting
from conformance.flows.playing.exports import BadExport, Export
from fakes.rapidpro.flows.engine import Contact, FieldValue, Urn, Workspace
from fakes.rapidpro.flows.engine.changes.readings import field_value
from fakes.rapidpro.flows.expressions import Env
from fakes.rapidpro.flows.jobs.workspaces import read_workspace
from fakes.rapidpro.uuids import uuid4
from fakes.rapidpro.versions.generation import Generation

NUMBER = "+254712345678"
"""The person's number if the file gives none."""
CHANNEL_UUID = "57f1078f-88aa-46f4-a59a-948a5739c03d"
CHANNEL: Mapping[str, Any] = {
    "uuid": CHANNEL_UUID, "name": "Test channel", "address": "+254700000000",
    "schemes": ["tel"], "roles": ["send", "receive"],
}  # fmt: skip
CREATED_BY_IMPORT = {"groups": ("uuid", "name"), "labels": ("uuid", "name"), "fields": ("key", "name")}
MAX_DEPTH = 100


def workspace_of(setting: Setting, export: Export) -> Workspace:
    """The workspace. BadExport if the export or the setting describe none."""
    given = setting.workspace
    try:
        ZoneInfo(given.get("timezone") or "UTC")
    except (KeyError, ValueError, OSError):
        raise BadExport(f"workspace.timezone: expected a time zone's name, got {given['timezone']!r}") from None
    named = _named(export, setting.contact)
    known = {**export.parts.globals, **setting.globals}
    values = {
        **named,
        "channels": [{**CHANNEL, "country": given.get("country") or ""}],
        "globals": [{"key": key, "name": key, "value": value} for key, value in known.items()],
    }
    env = {name: given.get(name) for name in ("timezone", "country", "date_format")}
    try:
        return read_workspace(values, env, tuple(given.get("languages") or ()), {})
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadExport(f"{export.path}: its fields or groups are not valid: {error!r}") from None


def _named(export: Export, contact: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Fields, groups and labels: of the export, then those that flows name, then those of the contact."""
    found: dict[str, dict[str, Any]] = {name: {} for name in CREATED_BY_IMPORT}
    for name, (key, _) in CREATED_BY_IMPORT.items():
        for one in export.bundle.content.get(name) or ():
            if isinstance(one, Mapping) and one.get(key):
                found[name][str(one[key])] = {**one, "name": one.get("name") or one.get("label") or ""}
        for definition in export.flows.values():
            for one in _references(definition, name, 0):
                found[name].setdefault(str(one[key]), {key: str(one[key]), "name": str(one.get("name") or "")})
    for key in contact.get("fields") or ():
        found["fields"].setdefault(key, {"key": key, "name": key})
    known = {one["name"] for one in found["groups"].values()}
    for name in contact.get("groups") or ():
        if name not in known:
            uuid = uuid4(random.Random(f"group {name}"))
            found["groups"][uuid] = {"uuid": uuid, "name": name}
    return {name: list(one.values()) for name, one in found.items()}


def _references(value: Any, name: str, depth: int) -> Iterator[Mapping[str, Any]]:
    """What a definition names; an import creates what is missing."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, Mapping):
        key = CREATED_BY_IMPORT[name][0]
        found = [value.get("field")] if name == "fields" else value.get(name)
        for one in found if isinstance(found, list) else ():
            if isinstance(one, Mapping) and one.get(key):
                yield one
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for one in parts:
        yield from _references(one, name, depth + 1)


def contact_of(setting: Setting, workspace: Workspace, generation: Generation, chance: random.Random) -> Contact:
    """The contact before the conversation."""
    given = setting.contact
    number = str(given.get("number") or NUMBER)
    names = list(given.get("groups") or ())
    return Contact(
        uuid=uuid4(chance),
        id=1,
        name=given.get("name") or "",
        language=given.get("language") or "",
        status=given.get("status") or "active",
        created_on=setting.at,
        urns=[Urn(f"tel:{number}")],
        groups=[one.uuid for one in workspace.groups if one.name in names],
        fields=dict(_fields(setting, workspace, generation)),
    )


def _fields(setting: Setting, workspace: Workspace, generation: Generation) -> Iterator[tuple[str, FieldValue]]:
    env = Env(
        setting.at, ZoneInfo(workspace.timezone), workspace.date_format, workspace.time_format, generation=generation
    )
    for key, value in (setting.contact.get("fields") or {}).items():
        found = field_value(str(value).lower() if isinstance(value, bool) else str(value), env)
        if found is not None:
            yield key, found
