"""JSON Schemas of the keys of rows, the fields of bodies and the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Schema = Mapping[str, Any]

TEXT = {"type": "string"}
WORD = {"type": "string", "maxLength": 64}
NUMBER = {"type": "integer"}
TRUTH = {"type": "boolean"}
MAYBE_TEXT = {"type": ["string", "null"]}
UUID = {"type": "string", "format": "uuid"}
TIME = {"type": "string", "format": "date-time"}
MAYBE_TIME = {"type": ["string", "null"], "format": "date-time"}
OBJECT = {"type": "object"}
NAMED = {
    "type": "object",
    "properties": {"uuid": UUID, "name": MAYBE_TEXT},
    "required": ["uuid", "name"],
    "additionalProperties": False,
}
MAYBE_NAMED = {"oneOf": [NAMED, {"type": "null"}]}
ERRORS = {"type": "object", "minProperties": 1}


def many(schema: Schema) -> dict[str, Any]:
    """A list of these."""
    return {"type": "array", "items": schema}


def by_language(schema: Schema) -> dict[str, Any]:
    """An object of these by language."""
    return {"type": "object", "additionalProperties": schema}


def page(row: Schema) -> dict[str, Any]:
    """A page of a list."""
    properties = {"next": MAYBE_TEXT, "previous": MAYBE_TEXT, "results": {**many(row), "maxItems": 250}}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


KEYS: Mapping[str, Schema] = MappingProxyType(
    {
        "id": NUMBER, "uuid": UUID, "name": MAYBE_TEXT, "urns": many(TEXT), "contacts": many(NAMED),
        "groups": many(NAMED), "created_on": TIME, "modified_on": TIME, "sent_on": MAYBE_TIME, "exited_on": MAYBE_TIME,
        "last_seen_on": MAYBE_TIME, "flow": MAYBE_NAMED, "status": MAYBE_TEXT, "text": TEXT, "count": NUMBER,
        "progress": {"type": "object", "properties": {"total": NUMBER, "started": NUMBER}},
        "label": TEXT, "value_type": TEXT, "pinned": TRUTH, "priority": NUMBER, "key": TEXT, "type": MAYBE_TEXT,
    }
)  # fmt: skip
"""Keys that mean the same in all resources."""

_WORKSPACE = {"country": TEXT, "languages": many(TEXT), "timezone": TEXT, "anon": TRUTH, "credits": OBJECT}
ROWS: Mapping[str, Schema] = MappingProxyType(
    {
        "broadcasts": {
            "urns": {"type": ["array", "null"], "items": TEXT}, "text": by_language(MAYBE_TEXT),
            "attachments": by_language(many({})), "quick_replies": by_language(many(OBJECT)), "base_language": TEXT,
        },
        "messages": {
            "broadcast": {"type": ["integer", "null"]}, "contact": NAMED, "urn": MAYBE_TEXT, "channel": MAYBE_NAMED,
            "direction": {"enum": ["in", "out"]}, "archived": TRUTH, "visibility": MAYBE_TEXT, "labels": many(NAMED),
            "attachments": many(OBJECT), "quick_replies": many(OBJECT), "media": MAYBE_TEXT,
        },
        "flow_starts": {
            "flow": NAMED, "params": {}, "extra": {}, "restart_participants": TRUTH,
            "exclude_active": {"type": ["boolean", "object"]},
        },
        "contacts": {
            "language": MAYBE_TEXT, "notes": many(OBJECT), "fields": OBJECT, "blocked": {"type": ["boolean", "null"]},
            "stopped": {"type": ["boolean", "null"]},
        },
        "runs": {
            "flow": NAMED, "contact": OBJECT, "start": {"type": ["object", "null"]}, "responded": TRUTH,
            "path": many(OBJECT), "values": OBJECT, "exit_type": MAYBE_TEXT,
        },
        "flows": {
            "uuid": UUID, "name": TEXT, "type": TEXT, "archived": TRUTH, "labels": many(NAMED), "expires": NUMBER,
            "runs": by_language(NUMBER), "results": many(OBJECT), "parent_refs": many(TEXT), "created_on": TIME,
            "modified_on": TIME,
        },
        "groups": {"uuid": UUID, "name": TEXT, "query": MAYBE_TEXT, "status": TEXT, "system": TRUTH, "count": NUMBER},
        "labels": {"uuid": UUID, "name": TEXT, "count": NUMBER},
        "fields": {"featured": TRUTH, "usages": OBJECT, "agent_access": TEXT},
        "globals": {"key": TEXT, "name": TEXT, "value": TEXT, "modified_on": TIME},
        "channels": {
            "uuid": UUID, "name": TEXT, "address": MAYBE_TEXT, "type": TEXT, "country": MAYBE_TEXT,
            "device": {"type": ["object", "null"]}, "last_seen": TIME, "created_on": TIME,
        },
        "channel_events": {"id": NUMBER},
        "users": {
            "uuid": UUID, "name": TEXT, "email": TEXT, "first_name": TEXT, "last_name": TEXT, "role": TEXT,
            "created_on": TIME, "avatar": MAYBE_TEXT, "team": MAYBE_NAMED,
        },
        "workspace": _WORKSPACE,
        "org": _WORKSPACE,
    }
)  # fmt: skip
"""By resource: the keys that KEYS does not describe; all keys, in order, of resources that no profile lists."""

QUERY: Mapping[str, Schema] = MappingProxyType(
    {
        "id": {**NUMBER, "minimum": 0}, "broadcast": {**NUMBER, "minimum": 0}, "uuid": UUID, "contact": UUID,
        "flow": UUID,
        "before": TIME, "after": TIME, "deleted": TRUTH, "responded": TRUTH, "cursor": {**TEXT, "maxLength": 200},
        "folder": {"enum": ["inbox", "flows", "archived", "outbox", "sent", "failed"]},
    }
)  # fmt: skip
"""Parameters that are not just a short text."""

_PEOPLE = {"urns": many(TEXT), "contacts": many(TEXT), "groups": many(TEXT)}
_FIELDS: Mapping[str, Mapping[str, Schema]] = MappingProxyType(
    {
        "messages": {"contact": TEXT, "text": TEXT},
        "flow_starts": {
            "flow": TEXT, **_PEOPLE, "params": OBJECT, "restart_participants": TRUTH, "exclude_active": TRUTH,
        },
        "contacts": {"name": MAYBE_TEXT, "language": MAYBE_TEXT, "urns": many(TEXT), "fields": OBJECT},
        "contact_actions": {"contacts": many(TEXT), "action": TEXT, "group": TEXT},
        "message_actions": {"messages": many(NUMBER), "action": TEXT, "label": TEXT, "label_name": TEXT},
        "groups": {"name": TEXT},
        "labels": {"name": TEXT},
        "fields": {"name": TEXT, "type": {"enum": ["text", "number", "datetime", "state", "district", "ward"]}},
        "globals": {"name": TEXT, "value": TEXT},
    }
)  # fmt: skip


def body(name: str, text_limit: int) -> dict[str, Any]:
    """The schema of a POST body, without required fields: RapidPro reports those in its errors."""
    text = {"oneOf": [{"type": "string", "maxLength": text_limit}, by_language(TEXT)]}
    broadcast = {**_PEOPLE, "text": text, "base_language": TEXT}
    return {"type": "object", "properties": dict(broadcast if name == "broadcasts" else _FIELDS[name])}
