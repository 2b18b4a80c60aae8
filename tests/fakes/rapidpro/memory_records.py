"""A small store for tests of what is behind the API: one workspace, rows as plain objects."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

T0 = datetime(2024, 10, 1, 8, 0, tzinfo=UTC)


@dataclass(eq=False)
class Row:
    id: int = 0
    uuid: str = ""
    name: str | None = None


@dataclass(eq=False)
class Workspace(Row):
    timezone: str = "Africa/Kigali"
    date_style: str = "day_first"
    default_country: str = "RW"
    languages: list[str] = field(default_factory=lambda: ["eng", "kin"])
    anonymous: bool = False
    suspended: bool = False


@dataclass(eq=False)
class Channel(Row):
    address: str = "+250788120000"
    country: str | None = "RW"
    schemes: tuple[str, ...] = ("tel",)


@dataclass(eq=False)
class Contact(Row):
    urns: list[str] = field(default_factory=list)
    language: str | None = None
    status: str = "active"
    created_on: datetime = T0
    last_seen_on: datetime | None = None
    channels: dict[str, Channel] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    groups: list[Row] = field(default_factory=list)


@dataclass(eq=False)
class Broadcast(Row):
    texts: dict[str, Any] = field(default_factory=dict)
    contacts: list[Contact] = field(default_factory=list)
    urns: list[str] = field(default_factory=list)
    members: list[Contact] = field(default_factory=list)
    by_group: bool = False
    query: str = ""
    base_language: str = "eng"
    status: str = "pending"
    contact_count: int | None = None
    sent_by: str | None = None
    creates_contact: bool = False
    history: list[tuple[str, int | None]] = field(default_factory=list)
    flow: Row = field(default_factory=lambda: Row(2, "f-2", "Started"))


@dataclass(eq=False)
class Message(Row):
    contact: Contact | None = None
    text: str = ""
    urn: str | None = None
    channel: Channel | None = None
    status: str = "queued"
    failed_reason: str | None = None
    broadcast: Broadcast | None = None
    flow: Row | None = None
    errors: int = 0
    external_id: str | None = None
    high_priority: bool = False
    quick_replies: Any = ()
    sent_on: datetime | None = None
    created_on: datetime = T0
    modified_on: datetime = T0
    archived: bool = False
    direction: str = "out"
    sent_by: str | None = None
    history: list[tuple[float, str]] = field(default_factory=list)


@dataclass(eq=False)
class Field(Row):
    key: str = ""
    type: str = "text"


@dataclass(eq=False)
class Run(Row):
    contact: Any = None
    flow: Row | None = None
    results: dict[str, Any] = field(default_factory=dict)


class MemoryRecords:
    """Implements `Records` for the parts behind the API; tests look at the lists of what they write."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.workspace = Workspace(1, "w-1", "Clinic")
        self.channels = [Channel(1, "c-1", "Relay SMS")]
        self.contacts: list[Contact] = []
        self.messages: list[Message] = []
        self.message_changes = 0
        self.incoming: list[Message] = []
        self.runs: list[Run] = []
        self.flow = Row(1, "0000000f-0000-4000-8000-000000000001", "Relay")
        self.flows: list[Row] = []
        self.new_uuid = lambda: "0000000a-0000-4000-8000-000000000001"

    def contact(self, name: Any, *urns: Any, **more: Any) -> Any:
        contact = Contact(len(self.contacts) + 1, f"p-{len(self.contacts) + 1}", name, list(urns), **more)
        self.contacts.append(contact)
        return contact

    def workspaces(self) -> Any:
        return [self.workspace]

    def workspace_of(self, _row: Any) -> Any:
        return self.workspace

    def channels_of(self, _workspace: Any) -> Any:
        return self.channels

    def remove_channel(self, uuid: Any) -> Any:
        found = next((one for one in self.channels if one.uuid == uuid), None)
        self.channels = [one for one in self.channels if one is not found]
        return found

    def set_channel(self, message: Any, channel: Any) -> None:
        message.channel = channel

    def channel_of(self, message: Any) -> Any:
        return message.channel if message.channel in self.channels else None

    def groups_of(self, contact: Any) -> Any:
        return contact.groups

    def fields_of(self, _workspace: Any, contact: Any) -> Any:
        return [("village", "Village", contact.fields.get("village")), ("edd", "EDD", contact.fields.get("edd"))]

    def globals_of(self, _workspace: Any) -> Any:
        return [("clinic_name", "Clinic Name", "Kigali Clinic")]

    def recipients_of(self, row: Any) -> Any:
        return row

    def translations_of(self, broadcast: Any) -> Any:
        return {key: {"text": one} if isinstance(one, str) else one for key, one in broadcast.texts.items()}

    def contact_by_urn(self, _workspace: Any, identity: Any) -> Any:
        return next((one for one in self.contacts if identity in one.urns), None)

    def contact_of(self, message: Any) -> Any:
        return message.contact

    def all_messages(self) -> Any:
        return sorted([*self.messages, *self.incoming], key=lambda one: one.id)

    def message(self, message_id: Any) -> Any:
        return next((one for one in self.messages if one.id == message_id), None)

    def new_contact(self, _workspace: Any, urn: Any, _now: Any) -> Any:
        return self.contact(None, urn)

    def last_channel_of(self, contact: Any, urn: Any) -> Any:
        found = contact.channels.get(urn)
        return found if found in self.channels else None

    def set_preferred_urn(self, contact: Any, urn: Any, channel: Any) -> None:
        contact.urns = [urn, *(one for one in contact.urns if one != urn)]
        contact.channels[urn] = channel

    def mark_seen(self, contact: Any, now: Any, *, status: Any) -> None:
        contact.status, contact.last_seen_on = status, now

    def set_broadcast(self, broadcast: Any, status: Any, contact_count: Any, _now: Any) -> None:
        broadcast.status, broadcast.contact_count = status, contact_count
        broadcast.history.append((status, contact_count))

    set_start = set_broadcast

    def set_status(self, message: Any, status: Any, now: Any) -> None:
        message.status = status
        message.history.append(((self.clock.now() - T0).total_seconds(), status))
        if now is not None:
            message.modified_on = now

    def new_outgoing(self, _workspace: Any, contact: Any, **values: Any) -> Any:
        values["created_on"] = values["modified_on"] = values.pop("now")
        content = values.pop("content")
        values |= {"text": content.text, "quick_replies": content.quick_replies}
        message = Message(id=8001 + len(self.messages), contact=contact, **values)
        self.messages.append(message)
        return message

    def new_incoming(self, _workspace: Any, contact: Any, *, external_id: Any, now: Any, **values: Any) -> Any:
        message = Message(
            id=7001 + len(self.incoming), contact=contact, status="handled", direction="in", created_on=now, **values
        )
        message.external_id = external_id
        self.incoming.append(message)
        return message

    def catch_all_flow(self, _workspace: Any, _now: Any) -> Any:
        return self.flow

    def new_run(self, _workspace: Any, contact: Any, flow: Any, *, uuid: Any, **_more: Any) -> Any:
        run = Run(len(self.runs) + 1, uuid, None, contact, flow)
        self.runs.append(run)
        return run

    def set_run(self, run: Any, _now: Any, *, results: Any, **_more: Any) -> None:
        run.results = results

    def flow_of(self, _workspace: Any, uuid: Any) -> Any:
        return next((one for one in [self.flow, *self.flows] if one.uuid == uuid), None)

    def new_flow(self, _workspace: Any, name: Any, _now: Any, *, uuid: Any = "") -> Any:
        self.flows.append(Row(1, uuid, name))
        return self.flows[-1]

    def set_flow(self, message: Any, flow: Any) -> None:
        message.flow = flow

    def was_in_flow(self, _contact: Any, _flow: Any) -> bool:
        return False

    def fields_in(self, _workspace: Any) -> Any:
        return [Field(1, "", "Village", "village"), Field(2, "", "EDD", "edd")]

    def groups_in(self, _workspace: Any) -> Any:
        return []

    labels_in = users_in = groups_in

    def change_contact(self, contact: Any, _now: Any, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(contact, name, value)
