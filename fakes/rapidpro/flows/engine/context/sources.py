"""Trigger, resume, input, globals and webhook in expressions.

Source: goflow flows/triggers, flows/resumes, flows/inputs, flows/webhook.go, flows/engine/legacy.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fakes.rapidpro.flows.engine.context.contact import REDACTED, channel_context
from fakes.rapidpro.flows.engine.context.runs import json_value
from fakes.rapidpro.flows.engine.result_keys import key_of
from fakes.rapidpro.flows.engine.state.session import Input, Result, Trigger, WebhookCall
from fakes.rapidpro.flows.engine.state.workspace import Workspace

_NOT_IN_KEYS = re.compile(r"[^a-zA-Z0-9_]")
MAX_KEY = 255


def trigger_context(trigger: Trigger, *, new: bool) -> dict[str, Any]:
    """`@trigger`."""
    params = {} if trigger.params is None else exact(trigger.params)
    return {
        "type": trigger.type,
        "params": params,
        "keyword": trigger.keyword,
        "user": None,
        "origin": trigger.origin,
        "campaign": None,
        "ticket": None,
        **({} if new else {"optin": None}),
    }


def exact(value: Any) -> Any:
    """A JSON value whose numbers have the digits that they are written with."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {key: exact(one) for key, one in value.items()}
    return [exact(one) for one in value] if isinstance(value, list | tuple) else value


def resume_context(resume: str) -> dict[str, Any] | None:
    """`@resume`."""
    return {"type": resume, "dial": None} if resume else None


def input_context(given: Input | None, workspace: Workspace, *, new: bool) -> dict[str, Any] | None:
    """`@input`; its default is the text and the addresses of its attachments."""
    if given is None:
        return None
    urls = [one.partition(":")[2] for one in given.attachments]
    urn = f"{given.urn.partition(':')[0]}:{REDACTED}" if workspace.redacts_urns else given.urn
    return {
        "__default__": "\n".join(([given.text] if given.text else []) + urls),
        "type": "msg",
        "uuid": given.uuid,
        "created_on": given.created_on,
        "channel": channel_context(workspace.channel(given.channel)),
        "urn": urn or None,
        "text": given.text,
        "attachments": list(given.attachments),
        "external_id": given.external_id,
        **({"payload": {}} if new else {}),
    }


def globals_context(workspace: Workspace) -> dict[str, Any]:
    """`@globals`."""
    lines = [f"{one.name}: {one.value}" for one in workspace.globals]
    return {"__default__": "\n".join(lines), **{one.key: one.value for one in workspace.globals}}


def webhook_context(call: WebhookCall | None, *, new: bool) -> Any:
    """`@webhook`: the last call in `new`, the JSON of its answer in `9`."""
    if not new:
        found = None if call is None else json_value(call.json)
        return {} if found is None else found
    if call is None:
        return None
    return {
        "__default__": f"{call.method} {call.url}",
        "status": call.status,
        "headers": dict(call.headers),
        "json": json_value(call.json),
    }


def extra_values(result: Result) -> dict[str, Any]:
    """What a result adds to `@legacy_extra`: its extra as text under its key, and the parts of its extra."""
    if result.extra is None:
        return {}
    return {key_of(result.name): result.extra, **legacy_values(json_value(result.extra))}


def legacy_values(values: Any) -> dict[str, Any]:
    """What params or the extra of a result add to `@legacy_extra`."""
    pairs = enumerate(values) if isinstance(values, list) else values.items() if isinstance(values, Mapping) else ()
    return {_NOT_IN_KEYS.sub("_", str(key).lower())[:MAX_KEY]: exact(value) for key, value in pairs}
