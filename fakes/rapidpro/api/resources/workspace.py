"""`/api/v2/workspace.json`, its old name `org.json`, and the root of the API."""

from __future__ import annotations

from typing import Any

from fakes.rapidpro.api.http import filters
from fakes.rapidpro.api.http.context import Context, workspace_of
from fakes.rapidpro.api.http.endpoint import Endpoint
from fakes.rapidpro.api.http.wire import Call


def read(call: Call, context: Context) -> Any:
    """GET: the caller's workspace."""
    row, profile = workspace_of(call), context.profile
    values = {
        "uuid": row.uuid,
        "name": row.name,
        "country": row.default_country,
        "languages": list(row.languages),
        "timezone": row.timezone,
        "date_style": row.date_style,
        "anon": row.anonymous,
        "credits": {"used": profile.credits, "remaining": profile.credits},
        "primary_language": row.languages[0] if row.languages else None,
    }
    return {name: values[name] for name in profile.workspace_fields}


def root(call: Call, context: Context) -> Any:
    """GET: the URLs of all resources, without suffix."""
    return {name: f"{call.base_url}/api/v2/{name}" for name in context.profile.resources}


def documentation(endpoint: Endpoint, call: Call, context: Context) -> Any:
    """GET without a suffix: an empty list for lists; the workspace for callers with a token."""
    filters.refuse_combination(call, endpoint.exclusive)
    if endpoint.methods["GET"] is not read:
        return []
    return {"uuid": None, "name": ""} if call.workspace is None else read(call, context)


def describe_options(endpoint: Endpoint) -> dict[str, Any]:
    """OPTIONS, where it is answered. Source: Django REST framework's SimpleMetadata."""
    name = f"{endpoint.name.replace('_', ' ').title()} Endpoint" if endpoint.name else "RapidPro API v2"
    found = {
        "name": name,
        "description": f"Documentation of {name}.",
        "renders": ["text/html", "application/json"],
        "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    }
    if not endpoint.post_fields:
        return found
    label = {one: one.replace("_", " ").capitalize() for one in endpoint.post_fields}
    head = ("type", "required", "read_only")
    fields = {
        name: {**{key: field[key] for key in head}, "label": label[name], **field}
        for name, field in endpoint.post_fields.items()
    }
    return {**found, "actions": {"POST": fields}}
