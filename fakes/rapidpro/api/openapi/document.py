"""The fake RapidPro's API as an OpenAPI 3.1 document, generated from its routes and the profile.

Rows of lists have the profile's keys; the schema of each key is in `types`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.api.http.endpoint import Endpoint
from fakes.rapidpro.api.openapi import types
from fakes.rapidpro.api.routes import PREFIX, endpoints
from fakes.rapidpro.versions.profile import Profile

Schema = Mapping[str, Any]

SPAN = ("before", "after")
PARAMETERS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "broadcasts": ("id", "uuid", *SPAN),
        "messages": ("id", "uuid", "broadcast", "contact", "folder", "label", *SPAN),
        "flow_starts": ("uuid", "reverse", *SPAN),
        "flows": ("uuid", "type", "archived", *SPAN),
        "runs": ("id", "uuid", "flow", "contact", "responded", "reverse", *SPAN),
        "contacts": ("uuid", "urn", "group", "deleted", "reverse", *SPAN),
        "groups": ("uuid", "name"),
        "labels": ("uuid", "name"),
        "fields": ("key",),
        "globals": ("key", "reverse", *SPAN),
        "channel_events": ("id", "contact", *SPAN),
        "channels": ("uuid", "address"),
        "users": ("role", "email", "uuid"),
    }
)
"""Filters of lists, besides `cursor`."""
IDENTIFIED_BY: Mapping[str, str] = MappingProxyType(
    {"contacts": "uuid", "groups": "uuid", "labels": "uuid", "fields": "key", "globals": "key"}
)
"""The parameter by which a POST or DELETE names an existing object."""
CREATES = frozenset({"broadcasts", "messages", "flow_starts", "contacts", "groups", "labels", "fields", "globals"})


def document(profile: Profile) -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fake RapidPro, API v2", "version": profile.name, "description": profile.about},
        "paths": {f"{PREFIX}{name}.json": dict(_operations(one, profile)) for name, one in endpoints(profile).items()},
        "components": {
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "Authorization"}},
            "schemas": {"errors": types.ERRORS, **{name: _row(name, profile) for name in _described(profile)}},
        },
        "security": [{"token": []}],
    }


def _described(profile: Profile) -> list[str]:
    return [name for name, one in endpoints(profile).items() if "GET" in one.methods]


def _operations(endpoint: Endpoint, profile: Profile) -> Iterator[tuple[str, Any]]:
    for method in endpoint.methods:
        yield method.lower(), _operation(endpoint, method, profile)


def _operation(endpoint: Endpoint, method: str, profile: Profile) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{method.lower()}_{endpoint.name}",
        "parameters": [_parameter(name) for name in _query_parameters(endpoint, method, profile)],
        "responses": _responses(endpoint, method),
    }
    if method == "POST":
        content = {"schema": types.body(endpoint.name, profile.text_limit)}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return operation


def _query_parameters(endpoint: Endpoint, method: str, profile: Profile) -> Iterator[str]:
    if method != "GET":
        yield from (IDENTIFIED_BY[endpoint.name],) if endpoint.name in IDENTIFIED_BY else ()
        return
    for name in PARAMETERS.get(endpoint.name, ()):
        if endpoint.name == "users" and name not in ("role", *profile.user_filters):
            continue
        by_uuid = name == "uuid" and endpoint.name in ("broadcasts", "messages")
        if not (by_uuid and not profile.filter_by_uuid) and not (name == "broadcast" and not profile.broadcast_filter):
            yield name
    if not endpoint.single:
        yield "cursor"


def _parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": types.QUERY.get(name, types.WORD)}


def _responses(endpoint: Endpoint, method: str) -> dict[str, Any]:
    refusals = {
        "400": "not valid",
        "403": "no token, or one without permission",
        "404": "not found",
        "429": "quota used up",
    }
    if method == "POST":
        refusals["415"] = "not JSON"
    answers = {status: _answer(about, {"$ref": "#/components/schemas/errors"}) for status, about in refusals.items()}
    row = {"$ref": f"#/components/schemas/{endpoint.name}"}
    if method == "GET":
        return {"200": _answer("rows", row if endpoint.single else types.page(row)), **answers}
    if method == "POST" and endpoint.name in CREATES:
        return {"200": _answer("changed", row), "201": _answer("created", row), **answers}
    return {"204": {"description": "done"}, **answers}


def _answer(about: str, schema: Schema) -> dict[str, Any]:
    return {"description": about, "content": {"application/json": {"schema": schema}}}


def _row(name: str, profile: Profile) -> dict[str, Any]:
    """A row of a resource: exactly the profile's keys."""
    known: Mapping[str, Schema] = types.ROWS[name]
    keys = _keys(name, profile) or tuple(known)
    properties = {key: known.get(key, types.KEYS.get(key, {})) for key in keys}
    if name == "contacts":
        properties |= dict.fromkeys(profile.anon_fields, types.TEXT)
    return {"type": "object", "properties": properties, "required": list(keys), "additionalProperties": False}


def _keys(name: str, profile: Profile) -> tuple[str, ...]:
    by_profile = {
        "broadcasts": profile.broadcast_fields, "messages": profile.message_fields, "flow_starts": profile.start_fields,
        "contacts": profile.contact_fields, "runs": profile.run_fields, "workspace": profile.workspace_fields,
        "org": profile.workspace_fields, "fields": profile.field_fields, "users": profile.user_fields,
    }  # fmt: skip
    left_out = {"groups": () if profile.system_groups else ("system",)}
    left_out["channels"] = () if profile.channel_type_shown else ("type",)
    return by_profile.get(name) or tuple(key for key in types.ROWS[name] if key not in left_out.get(name, ()))
