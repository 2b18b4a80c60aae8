"""RapidPro's rows: workspaces, contacts, messages and so on. Plain data; the store keeps the order and the indexes.

Statuses are stored in RapidPro's own words (initializing, queued, wired, ...); how a version shows them is in
`profiles`. Source: rapidpro temba/msgs/models.py, temba/contacts/models.py, temba/orgs/models.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ROLES = ("administrator", "editor", "viewer", "agent", "surveyor")
WRITERS = frozenset({"administrator", "editor"})


@dataclass(eq=False, slots=True)
class Workspace:
    """A customer's workspace; nothing in it is visible from another one."""

    id: int
    uuid: str
    name: str
    timezone: str = "UTC"
    default_country: str = ""
    languages: tuple[str, ...] = ("eng",)
    anonymous: bool = False
    suspended: bool = False
    flagged: bool = False
    rate_overrides: Mapping[str, str] = field(default_factory=dict)
    date_style: str = "day_first"  # or month_first or year_first: how flows write and read dates
    limits: Mapping[str, int] = field(default_factory=dict)  # of groups, labels, fields, globals, where not 250


@dataclass(eq=False, slots=True)
class User:
    """A user, with roles by workspace id."""

    email: str
    name: str
    active: bool = True
    staff: bool = False
    roles: Mapping[int, str] = field(default_factory=dict)
    uuid: str = ""


@dataclass(eq=False, slots=True)
class Token:
    """A key to one workspace, held by one user."""

    name: str
    key: str
    workspace: Workspace
    user: User
    active: bool = True


@dataclass(eq=False, slots=True)
class Named:
    """A group or a label."""

    uuid: str
    name: str
    workspace: Workspace
    query: str | None = None


@dataclass(eq=False, slots=True)
class Field:
    """A custom field of contacts."""

    key: str
    name: str
    type: str
    workspace: Workspace


@dataclass(eq=False, slots=True)
class Global:
    """A global: a value for all flows."""

    key: str
    name: str
    value: str
    modified_on: datetime
    workspace: Workspace


@dataclass(eq=False, slots=True)
class Channel:
    """A channel to phones."""

    uuid: str
    name: str
    address: str | None
    country: str | None
    type: str
    device: str | None
    schemes: tuple[str, ...]
    created_on: datetime
    last_seen: datetime
    workspace: Workspace


@dataclass(eq=False, slots=True)
class Flow:
    """A flow; `made`: created by the fake itself, for texts that no seeded flow handles."""

    uuid: str
    name: str
    archived: bool
    deleted: bool
    created_on: datetime
    modified_on: datetime
    workspace: Workspace
    made: bool = False
    has_definition: bool = False  # imported, or made for starts: texts without a trigger do not start it
    type: str = "message"
    expires: int = 10080  # minutes
    results: list[dict[str, Any]] = field(default_factory=list)
    parent_refs: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Note:
    """A note that a user wrote about a contact."""

    text: str
    created_on: datetime
    created_by: User


@dataclass(eq=False, slots=True)
class Contact:
    """A person; `status`: active, blocked, stopped, archived."""

    id: int
    uuid: str
    name: str | None
    language: str | None
    status: str
    urns: list[str]
    fields: dict[str, Any]
    groups: list[Named]
    created_on: datetime
    modified_on: datetime
    workspace: Workspace
    deleted: bool = False
    last_seen_on: datetime | None = None
    notes: list[Note] = field(default_factory=list)
    channels: dict[str, Channel] = field(default_factory=dict)  # of the last text, by scheme and path of a URN
    timezone: str = ""


@dataclass(eq=False, slots=True)
class Broadcast:
    """RapidPro's record of a send. `translations`: language to {text, attachments}; `urns` as requested."""

    id: int
    uuid: str
    workspace: Workspace
    status: str
    contact_count: int | None
    urns: list[str] | None
    contacts: list[Contact]
    groups: list[Named]
    translations: dict[str, dict[str, Any]]
    base_language: str
    created_on: datetime
    scheduled: bool = False
    sent_by: str | None = None  # the name of the API token that created it; likewise for messages and flow starts
    query: str = ""
    """Also for the contacts that fit it; likewise for flow starts."""


@dataclass(eq=False, slots=True)
class Message:
    """One message to or from one phone; `visibility`: visible, archived, or deleted by a user."""

    id: int
    uuid: str
    workspace: Workspace
    broadcast: Broadcast | None
    contact: Contact
    urn: str | None
    channel: Channel | None
    direction: str
    type: str
    status: str
    visibility: str
    text: str
    created_on: datetime
    modified_on: datetime
    sent_on: datetime | None = None
    failed_reason: str | None = None
    attachments: list[str] = field(default_factory=list)
    labels: list[Named] = field(default_factory=list)
    flow: Flow | None = None
    external_id: str | None = None
    errors: int = 0
    quick_replies: list[Mapping[str, Any]] = field(default_factory=list)
    high_priority: bool = False  # it goes before others in the channel's queue: replies and single messages
    sent_by: str | None = None
    statuses: tuple[tuple[str, datetime], ...] = ()
    """What was reported about it, and when. RapidPro does not keep this: it is for people who look for a cause."""

    @property
    def deleted(self) -> bool:
        """Whether it was deleted, so that only its row is left."""
        return self.visibility not in ("visible", "archived")


@dataclass(eq=False, slots=True)
class FlowStart:
    """A request to start a flow for contacts."""

    id: int
    uuid: str
    workspace: Workspace
    flow: Flow
    origin: str
    status: str
    contact_count: int | None
    urns: list[str]
    contacts: list[Contact]
    groups: list[Named]
    exclusions: dict[str, bool]
    params: Any
    created_by: str | None
    created_on: datetime
    modified_on: datetime
    runs_made: int = 0
    sent_by: str | None = None
    creates_contact: bool = False
    """Started is a new contact, and nobody else."""
    query: str = ""


@dataclass(eq=False, slots=True)
class Run:
    """A flow run: one contact in one flow."""

    id: int
    uuid: str
    workspace: Workspace
    flow: Flow
    contact: Contact
    start: FlowStart | None
    status: str
    responded: bool
    results: dict[str, Any]
    path: list[Any]
    created_on: datetime
    modified_on: datetime
    exited_on: datetime | None
