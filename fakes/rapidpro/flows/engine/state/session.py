"""A session: what one contact does in one flow and the flows that it enters. Plain data.

A stretch works on a copy: the session that was given stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from fakes.rapidpro.flows.engine.state.contact import Contact

RunStatus = Literal["active", "waiting", "completed", "expired", "failed"]


@dataclass(frozen=True, slots=True)
class Result:
    """What a router or an action saved. `extra` is JSON text."""

    name: str
    value: str
    category: str
    node_uuid: str
    created_on: datetime
    category_localized: str = ""
    input: str = ""
    extra: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A node that was entered."""

    uuid: str
    node_uuid: str
    arrived_on: datetime
    exit_uuid: str = ""


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """What `@webhook` shows of the last call. `json` is the answer as JSON text, if it is JSON."""

    method: str
    url: str
    status: int
    headers: Mapping[str, str]
    json: str | None


@dataclass(slots=True)
class Run:
    """One flow in a session. `parent`: the index of the run that entered it."""

    uuid: str
    flow_uuid: str
    flow_name: str
    parent: int | None
    created_on: datetime
    status: RunStatus = "active"
    exited_on: datetime | None = None
    path: list[Step] = field(default_factory=list)
    results: dict[str, Result] = field(default_factory=dict)
    locals: dict[str, str] = field(default_factory=dict)
    webhook: WebhookCall | None = None
    legacy_extra: dict[str, Any] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.status in ("active", "waiting")

    def copy(self) -> Run:
        """A run that can be changed without changing this one."""
        return replace(
            self, path=list(self.path), results=dict(self.results), locals=dict(self.locals),
            legacy_extra=dict(self.legacy_extra),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Input:
    """A text from the contact. `channel` is a UUID, attachments are `type:url`."""

    uuid: str
    text: str
    urn: str
    created_on: datetime
    channel: str = ""
    attachments: tuple[str, ...] = ()
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What started a session. `type`: msg, manual or flow_action."""

    type: str
    params: Any = None
    """JSON that a flow start brought with it."""
    keyword: str = ""
    origin: str = ""
    parent: Mapping[str, Any] | None = None
    """The summary of the run that started it: uuid, flow, contact, status, results."""
    ancestors_since_input: int = 0
    """How many sessions started one another up to this one without any text from a contact."""


@dataclass(slots=True)
class Session:
    """A session. `status`: active, waiting, completed or failed; `resume`: the type of the last resume."""

    uuid: str
    type: str
    trigger: Trigger
    contact: Contact
    status: Literal["active", "waiting", "completed", "failed"] = "active"
    runs: list[Run] = field(default_factory=list)
    input: Input | None = None
    resume: str = ""
    waits: int = 0
    had_input: bool = False

    def copy(self) -> Session:
        """A session that can be changed without changing this one."""
        return replace(self, contact=self.contact.copy(), runs=[run.copy() for run in self.runs])

    def waiting_run(self) -> Run | None:
        """The run that waits for the contact."""
        return next((run for run in self.runs if run.status == "waiting"), None)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a stretch. `run`: the index of its run; `values`: plain data, by type."""

    type: str
    values: Mapping[str, Any]
    run: int | None = None
    node_uuid: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A session after a stretch, and what happened."""

    session: Session
    events: tuple[Event, ...]
