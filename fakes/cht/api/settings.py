"""The app settings over the API (cht-core `api/src/controllers/settings.js`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.cht.api.access import logged_in, permitted
from fakes.cht.api.bodies import json_body
from fakes.cht.api.http import Request, json_reply
from fakes.cht.couch.documents import copy_json
from fakes.cht.errors import HttpError
from fakes.cht.javascript import js
from fakes.cht.javascript.inherited import PROTOTYPE, inherited
from fakes.cht.state import State
from fakes.serving.wsgi import Reply

DEFAULT_PERMISSIONS: Mapping[str, list[str]] = {
    "can_access_gateway_api": ["gateway"],
    "can_configure": ["program_officer"],
    "can_create_records": ["data_entry", "gateway", "program_officer", "chw_supervisor", "chw"],
    "can_edit": ["gateway", "program_officer", "chw_supervisor", "chw"],
}
"""Permissions that apply unless the settings define them; only those that this fake checks."""


class Settings:
    """The handlers; each takes a request and returns the reply, or raises HttpError."""

    def __init__(self, state: State) -> None:
        self._state = state

    def read(self, request: Request) -> Reply:
        """All settings, for every logged-in user."""
        logged_in(request, self._state, prompt=True)
        return json_reply(self._state.settings)

    def write(self, request: Request) -> Reply:
        """Merge settings; `?replace` replaces whole top-level keys, `?overwrite` replaces everything."""
        body = json_body(request)
        if request.header("Content-Type") != "application/json":
            raise HttpError(400, "Content-Type must be application/json")
        permitted(request, self._state, ("can_edit", "can_configure"), prompt=True)
        updated = change_settings(
            self._state, body, replace=_flag(request, "replace"), overwrite=_flag(request, "overwrite")
        )
        return json_reply({"success": True, "updated": updated})


def change_settings(state: State, changes: Any, *, replace: bool = False, overwrite: bool = False) -> bool:
    """Merge `changes` into the settings; or `replace` whole top-level keys, or `overwrite` everything.

    Returns whether anything is different now.
    """
    with state.lock:
        before = state.settings
        after = with_permissions(_merged(before, changes, replace=replace, overwrite=overwrite))
        state.settings = after
    return js.dumps(after) != js.dumps(before)


def with_permissions(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`settings` with the default permissions added where it defines none."""
    custom = settings.get("permissions")
    permissions = {**DEFAULT_PERMISSIONS, **custom} if isinstance(custom, dict) else dict(DEFAULT_PERMISSIONS)
    return {**settings, "permissions": copy_json(permissions)}


def _merged(settings: Mapping[str, Any], body: Any, *, replace: bool, overwrite: bool) -> dict[str, Any]:
    changes = body if isinstance(body, dict) else {str(place): value for place, value in enumerate(body)}
    if overwrite:
        return dict(changes)
    merged: dict[str, Any] = copy_json(dict(settings))
    if replace:
        return {**merged, **{key: value for key, value in changes.items() if key != PROTOTYPE}}
    _extend(merged, changes)
    return merged


def _extend(target: dict[str, Any], source: Mapping[str, Any]) -> None:
    for key, value in source.items():
        if key not in target and (key == PROTOTYPE or (isinstance(value, dict) and inherited(key) is not None)):
            continue  # set on what all objects share, which is not stored
        if not isinstance(value, dict):
            target[key] = value
        elif isinstance(present := target.get(key), list):
            _extend_list(present, value)
        elif isinstance(present, dict) or not js.truthy(present):
            target[key] = present if isinstance(present, dict) else {}
            _extend(target[key], value)
        # else: members for a string, a number or `true` are silently dropped


def _extend_list(target: list[Any], source: Mapping[str, Any]) -> None:
    """Numeric names set these items, and append the next ones; JSON omits other names."""
    known = {str(place): value for place, value in enumerate(target)}
    _extend(known, source)
    size = len(target)
    while str(size) in known:
        size += 1
    target[:] = [known[str(place)] for place in range(size)]


def _flag(request: Request, name: str) -> bool:
    return js.truthy(request.query.get(name))
