"""What expressions can use: the workspace, the contact, the incoming text.

Shapes as in goflow flows/engine/run.go and core/*: an object's default is its text form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import phonenumbers

from fakes.rapidpro.store.records import NODE_UUID, Contact, Records, Workspace
from fakes.rapidpro.urns import path_of, scheme_of

EMPTY: Mapping[str, Any] = MappingProxyType({})
SCHEMES = (
    "discord", "ext", "facebook", "fcm", "freshchat", "instagram", "jiochat", "line", "mailto", "rocketchat", "slack",
    "tel", "telegram", "twitter", "twitterid", "viber", "vk", "webchat", "wechat", "whatsapp",
)  # fmt: skip


def contact_context(records: Records, workspace: Workspace, contact: Contact) -> dict[str, Any]:
    """contact, fields, urns and globals: what the text of a broadcast can use."""
    fields = _fields(records, workspace, contact)
    return {
        "contact": _contact(records, workspace, contact, fields),
        "fields": fields,
        "urns": urns_of(workspace, contact.urns),
        "globals": _globals(records, workspace),
    }


def run_context(
    known: Mapping[str, Any], *, uuid: str, flow: Any, at: datetime, trigger: Mapping[str, Any], generation: str,
    results: Mapping[str, Any] = EMPTY,
) -> dict[str, Any]:  # fmt: skip
    """What a flow can use in addition: its run, which began at `at`, and its trigger. goflow flows/engine/run.go."""
    run = {
        "__default__": f"{known['contact']['__default__']}@{flow.name}",
        "uuid": uuid,
        "contact": known["contact"],
        "flow": {"__default__": flow.name, "uuid": flow.uuid, "name": flow.name, "revision": 1},
        "status": "active",
        "results": results,
        "path": [{"node_uuid": NODE_UUID, "arrived_on": at, "exit_uuid": ""}],
        "created_on": at,
        "exited_on": None,
    }
    node = {"uuid": NODE_UUID, "categories": ["Success", "Failure"], "visit_count": 1}
    nobody = dict.fromkeys(("child", "parent", "resume", "ticket"))
    new = generation == "new"
    return {
        **known, **nobody, "run": run, "node": node, "trigger": trigger, "input": None, "results": results,
        "webhook": None if new else {}, "legacy_extra": _legacy_extra(trigger.get("params") or {}, results),
        **({"locals": {}} if new else {}),
    }  # fmt: skip


def _legacy_extra(params: Any, results: Mapping[str, Any]) -> dict[str, Any]:
    """The params and the answers of all webhooks in one object. goflow flows/engine/legacy.go."""
    found = _extra_values(params)
    for key, result in results.items():
        if key != "__default__" and result["extra"] is not None:
            found |= {key: json.dumps(result["extra"]), **_extra_values(result["extra"])}
    return found


def _extra_values(values: Any) -> dict[str, Any]:
    pairs = enumerate(values) if isinstance(values, list) else values.items() if isinstance(values, Mapping) else ()
    return {re.sub(r"[^a-zA-Z0-9_]", "_", str(key).lower())[:255]: value for key, value in pairs}


def urns_of(workspace: Workspace, urns: list[str]) -> dict[str, str | None]:
    """The first URN of each scheme; in an anonymous workspace only the scheme is visible."""
    found: dict[str, str | None] = dict.fromkeys(SCHEMES)
    for urn in reversed(urns):
        found[scheme_of(urn)] = f"{scheme_of(urn)}:********" if workspace.anonymous else urn
    return found


def input_context(text: str, urn: str, uuid: str, external_id: str, at: datetime) -> dict[str, Any]:
    """The text that started the flow."""
    return {
        "__default__": text,
        "type": "msg",
        "uuid": uuid,
        "text": text,
        "urn": urn,
        "created_on": at,
        "attachments": [],
        "external_id": external_id,
    }


def _contact(records: Records, workspace: Workspace, contact: Contact, fields: dict[str, Any]) -> dict[str, Any]:
    urns = [urn if not workspace.anonymous else f"{scheme_of(urn)}:********" for urn in contact.urns]
    name = contact.name or ""
    groups = [
        {"__default__": group.name, "uuid": group.uuid, "name": group.name} for group in records.groups_of(contact)
    ]
    return {
        "__default__": name or (_display(urns[0]) if urns else ""),
        "uuid": contact.uuid,
        "name": name,
        "first_name": name.split(" ")[0] if name else "",
        "language": contact.language or "",
        "status": contact.status,
        "timezone": workspace.timezone or "UTC",
        "created_on": contact.created_on,
        "last_seen_on": getattr(contact, "last_seen_on", None),
        "urn": urns[0] if urns else "",
        "urns": urns,
        "groups": groups,
        "fields": fields,
    }


def _display(urn: str) -> str:
    """A URN for display: a phone number in national format, otherwise the path."""
    path = path_of(urn)
    if scheme_of(urn) != "tel":
        return path
    try:
        parsed = phonenumbers.parse(path, None)
    except phonenumbers.NumberParseException:
        return path
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


def _fields(records: Records, workspace: Workspace, contact: Contact) -> dict[str, Any]:
    known = records.fields_of(workspace, contact)
    return {"__default__": _lines({name: value for _, name, value in known}), **{key: v for key, _, v in known}}


def _globals(records: Records, workspace: Workspace) -> dict[str, Any]:
    known = records.globals_of(workspace)
    return {"__default__": _lines({name: value for _, name, value in known}), **{key: v for key, _, v in known}}


def _lines(values: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}: {values[name]}" for name in sorted(values) if values[name] is not None)
