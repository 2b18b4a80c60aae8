"""What all resources of the API work on."""

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
"""What actions answer with their 204, where deletions answer with none (temba/api/views.py, BulkWriteAPIMixin)."""
ENGINE_STATES = ("working", "idle", "down")
"""How the message engine (mailroom) can be: `idle` takes requests and does nothing more."""


@dataclass(slots=True)
class Context:
    """The store and what stands behind it. `engine` tells how the message engine is: one of ENGINE."""

    store: Store
    profile: Profile
    clock: Clock
    mailroom: Mailroom
    engine: Callable[[], str]

    def require_engine(self) -> None:
        """Ask the message engine while the caller waits; unreachable, it ends the request with a 500."""
        if self.profile.engine_by_http and self.engine() == "down":
            raise ServerError

    def engine_is_working(self) -> bool:
        """Whether what is stored is also taken further."""
        return self.engine() == "working"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status other than 200, with its payload. A 204 never has a body; with NOTHING it is said to be JSON."""

    status: int
    payload: Any


def workspace_of(call: Call) -> Workspace:
    """The caller's workspace; endpoints that ask for a token always have one."""
    if call.workspace is None:
        raise AssertionError("the API lets nobody in here without a token")
    return call.workspace


def writable(call: Call, profile: Profile) -> Workspace:
    """The caller's workspace, if anything may be written there; that is looked at before any field.

    What the body is comes first (temba/api/v2/serializers.py, WriteSerializer).
    """
    workspace = workspace_of(call)
    if not isinstance(call.body, dict):
        raise non_field_error("Request body should be a single JSON object")
    if workspace.flagged:
        raise non_field_error(profile.flagged_text)
    if workspace.suspended:
        raise non_field_error(profile.suspended_text)
    return workspace
