"""The store of the fake RapidPro: its tables, and the protocol `records.Records` for the parts behind the API.

Callers hold the service's lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from fakes.rapidpro.store.flow_rows import FlowRows
from fakes.rapidpro.store.records import Content
from fakes.rapidpro.store.rows import Channel, Contact, Message, Named, Workspace
from fakes.rapidpro.urns import identity_of


class Store(FlowRows):
    """All rows, as `records.Records` describes them."""

    def workspaces(self) -> Sequence[Workspace]:
        return list(self.workspace_by_id.values())

    def workspace_of(self, row: Any) -> Workspace:
        workspace: Workspace = row.workspace
        return workspace

    def channels_of(self, workspace: Any) -> Sequence[Channel]:
        return [channel for channel in self.channels if channel.workspace is workspace]

    def remove_channel(self, uuid: str) -> Channel | None:
        found = next((channel for channel in self.channels if channel.uuid == uuid), None)
        if found is not None:
            self.channels.remove(found)
        return found

    def channel_of(self, message: Any) -> Channel | None:
        channel: Channel | None = message.channel
        return channel if channel in self.channels else None

    def set_channel(self, message: Any, channel: Any) -> None:
        message.channel = channel

    def groups_of(self, contact: Any) -> Sequence[Named]:
        groups: list[Named] = contact.groups
        return groups

    def fields_of(self, workspace: Any, contact: Any) -> Sequence[tuple[str, str, Any]]:
        known = [one for one in self.fields if one.workspace is workspace]
        return [(one.key, one.name, contact.fields.get(one.key)) for one in known]

    def globals_of(self, workspace: Any) -> Sequence[tuple[str, str, str]]:
        return [(one.key, one.name, one.value) for one in self.globals if one.workspace is workspace]

    def recipients_of(self, row: Any) -> Any:
        return Recipients(row, self.contacts.values())

    def translations_of(self, broadcast: Any) -> Mapping[str, Mapping[str, Any]]:
        found: dict[str, dict[str, Any]] = broadcast.translations
        return found

    def contact_of(self, message: Any) -> Contact:
        contact: Contact = message.contact
        return contact

    def all_messages(self) -> Iterable[Message]:
        return [self.message_by_id[number] for number in sorted(self.message_by_id)]

    def message(self, message_id: int) -> Message | None:
        found = self.message_by_id.get(message_id)
        return found if found is not None and found.direction == "out" else None

    def new_contact(self, workspace: Any, urn: str | None, now: datetime) -> Contact:
        urns = [] if urn is None else [urn]
        return self.add_contact(
            Contact(self.next_id("contact"), self.new_uuid(), None, None, "active", urns, {}, [], now, now, workspace)
        )

    def last_channel_of(self, contact: Any, urn: str) -> Channel | None:
        channel: Channel | None = contact.channels.get(identity_of(urn)) if contact.channels else None
        if channel is None:
            return None
        return channel if channel in self.channels else None

    def set_preferred_urn(self, contact: Any, urn: str, channel: Any) -> None:
        self.set_urns(contact, [urn, *(one for one in contact.urns if identity_of(one) != identity_of(urn))])
        contact.channels[identity_of(urn)] = channel

    def mark_seen(self, contact: Any, now: datetime, *, status: str) -> None:
        contact.status = status
        contact.last_seen_on = now
        self.mark_modified(contact, now)

    def set_broadcast(self, broadcast: Any, status: str, contact_count: int | None, now: datetime) -> None:  # noqa: ARG002 - broadcasts have no modified_on
        broadcast.status = status
        broadcast.contact_count = contact_count

    def set_start(self, start: Any, status: str, contact_count: int | None, now: datetime) -> None:
        start.status = status
        start.contact_count = contact_count
        start.modified_on = now
        self.start_indexes.update(start)

    def set_status(self, message: Any, status: str, now: datetime | None) -> None:
        if now is not None and status != message.status:
            message.statuses += ((status, now),)
        message.status = status
        if now is not None:
            message.modified_on = now
        self.note_change(message)
        self.folders.update(message)

    def new_outgoing(
        self, workspace: Any, contact: Any, *, uuid: str, content: Content, urn: str | None, channel: Any,
        status: str, failed_reason: str | None, broadcast: Any, flow: Any, high_priority: bool, now: datetime,
    ) -> Message:  # fmt: skip
        return self.add_message(
            Message(
                self.next_id("message"),
                uuid,
                workspace,
                broadcast,
                contact,
                urn,
                channel,
                "out",
                "text",
                status,
                "visible",
                content.text,
                now,
                now,
                failed_reason=failed_reason,
                flow=flow,
                attachments=list(content.attachments),
                quick_replies=list(content.quick_replies),
                high_priority=high_priority,
            )
        )

    def new_incoming(
        self, workspace: Any, contact: Any, *, uuid: str, text: str, urn: str, channel: Any, flow: Any,
        archived: bool, external_id: str, now: datetime,
    ) -> Message:  # fmt: skip
        visibility = "archived" if archived else "visible"
        return self.add_message(
            Message(
                self.next_id("message"),
                uuid,
                workspace,
                None,
                contact,
                urn,
                channel,
                "in",
                "text",
                "handled",
                visibility,
                text,
                now,
                now,
                flow=flow,
                external_id=external_id,
            )
        )


class Recipients:
    """Who a broadcast or a flow start is for."""

    def __init__(self, row: Any, everybody: Iterable[Contact]) -> None:
        self.contacts: Sequence[Contact] = row.contacts
        self.urns: Sequence[str] = row.urns or ()
        self.by_group = bool(row.groups)
        self.query: str = row.query
        groups = set(map(id, row.groups))
        self.members: Sequence[Contact] = (
            [one for one in everybody if any(id(group) in groups for group in one.groups)] if groups else ()
        )
