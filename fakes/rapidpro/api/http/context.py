"""What all resources of the API share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fakes.clock import Clock
from fakes.rapidpro.api.http.wire import Call, ServerError, non_field_error
from fakes.rapidpro.mailroom.mailroom import Mailroom
from fakes.rapidpro.store.rows import Workspace
from fakes.rapidpro.store.store import Store
from fakes.rapidpro.versions.profile import Profile

NO_CONTENT = ""
"""The payload of an action's 204; that of a deletion is None (temba/api/views.py, BulkWriteAPIMixin)."""
ENGINE_STATES = ("working", "idle", "down")
"""States of the message engine (mailroom): `idle` accepts requests and does nothing more."""


@dataclass(slots=True)
class Context:
    """The store and what is behind it. `engine` returns the state of the message engine: one of ENGINE_STATES."""

    store: Store
    profile: Profile
    clock: Clock
    mailroom: Mailroom
    engine: Callable[[], str]

    def require_engine(self) -> None:
        """End the request with a 500 if the caller has to wait for the message engine and it is down."""
        if self.profile.engine_by_http and self.engine() == "down":
            raise ServerError

    def engine_is_working(self) -> bool:
        """Whether stored broadcasts and flow starts are processed."""
        return self.engine() == "working"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status other than 200, with its payload. A 204 has no body; with NO_CONTENT it has a JSON content type."""

    status: int
    payload: Any


def workspace_of(call: Call) -> Workspace:
    """The caller's workspace; endpoints that require a token always have one."""
    if call.workspace is None:
        raise AssertionError("this endpoint requires a token")
    return call.workspace


def writable(call: Call, profile: Profile) -> Workspace:
    """The caller's workspace if it may be written to, which is checked before any field.

    The type of the body is checked first (temba/api/v2/serializers.py, WriteSerializer).
    """
    workspace = workspace_of(call)
    if not isinstance(call.body, dict):
        raise non_field_error("Request body should be a single JSON object")
    if workspace.flagged:
        raise non_field_error(profile.flagged_text)
    if workspace.suspended:
        raise non_field_error(profile.suspended_text)
    return workspace
