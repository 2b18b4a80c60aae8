"""The store of the fake RapidPro: all rows, their indexes, and every change to them.

It fulfils `records.Records`, which is what the parts behind the API ask. Everything is called with the service's lock
held.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from fakes.rapidpro.addresses import identity_of
from fakes.rapidpro.folders import Folders
from fakes.rapidpro.ordered import Ordered, Timed
from fakes.rapidpro.rows import (
    Broadcast,
    Channel,
    Contact,
    Field,
    Flow,
    FlowStart,
    Global,
    Message,
    Named,
    Run,
    Token,
    User,
    Workspace,
)

ONLY_NODE = "0000000d-0000-4000-8000-000000000001"
"""The one node that a flow has here; where results of runs come from."""


class Store:
    """All rows. New ones are numbered after the seed's."""

    def __init__(self, new_uuid: Callable[[], str], born: datetime) -> None:
        self.new_uuid = new_uuid
        self.clear(born)

    def clear(self, born: datetime) -> None:
        """Forget all rows; `born` is the moment the world begins anew."""
        self.born = born
        self.spaces: dict[int, Workspace] = {}
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self.retired: list[tuple[str, str]] = []
        self.channels: list[Channel] = []
        self.fields: list[Field] = []
        self.globals: list[Global] = []
        self.groups: list[Named] = []
        self.labels: list[Named] = []
        self.flows: list[Flow] = []
        self.starts: list[FlowStart] = []
        self.runs: list[Run] = []
        self.contacts: dict[str, Contact] = {}
        self.broadcasts: dict[int, Ordered[Broadcast]] = defaultdict(_by_creation)
        self.messages: dict[int, Ordered[Message]] = defaultdict(_by_creation)
        self.by_broadcast: dict[int, Ordered[Message]] = defaultdict(_by_creation)
        self.by_contact: dict[str, Ordered[Message]] = defaultdict(_by_creation)
        self.broadcast_by_id: dict[int, Broadcast] = {}
        self.by_label: dict[str, Ordered[Message]] = defaultdict(_by_creation)
        self.folders = Folders()
        self.message_by_id: dict[int, Message] = {}
        self.message_by_uuid: dict[str, Message] = {}
        self.broadcast_by_uuid: dict[str, Broadcast] = {}
        self._system_groups: dict[int, Named] = {}
        self._owners: dict[tuple[int, str], Contact] = {}
        self.next = {"contact": 1, "broadcast": 9001, "message": 8001, "start": 990, "run": 1001}

    def become(self, other: Store) -> None:
        """Hold the rows of another store in place of one's own; the other is not to be used any more."""
        self.__dict__.update(other.__dict__)

    def number(self, kind: str) -> int:
        """The next number of a kind."""
        number = self.next[kind]
        self.next[kind] = number + 1
        return number

    def retire(self, token: Token) -> None:
        """A token's key opens nothing any more; it stays a secret."""
        del self.tokens[token.key]
        self.retired.append((token.name, token.key))

    # Rows that are added.

    def add_contact(self, contact: Contact) -> Contact:
        self.contacts[contact.uuid] = contact
        if not contact.deleted:
            for urn in contact.urns:
                self._owners[contact.workspace.id, identity_of(urn)] = contact
        return contact

    def add_broadcast(self, broadcast: Broadcast) -> Broadcast:
        self.broadcast_by_id[broadcast.id] = broadcast
        self.broadcast_by_uuid[broadcast.uuid] = broadcast
        if not broadcast.scheduled:
            self.broadcasts[broadcast.workspace.id].add(broadcast)
        return broadcast

    def add_message(self, message: Message) -> Message:
        self.message_by_id[message.id] = message
        self.message_by_uuid[message.uuid] = message
        self.messages[message.workspace.id].add(message)
        self.by_contact[message.contact.uuid].add(message)
        self.folders.file(message)
        for label in message.labels:
            self.by_label[label.uuid].add(message)
        if message.broadcast is not None:
            self.by_broadcast[message.broadcast.id].add(message)
        return message

    def system_group(self, workspace: Workspace) -> Named:
        """The group every workspace has from the start."""
        if workspace.id not in self._system_groups:
            uuid = f"00000060-0000-4000-8000-{0x59 + workspace.id:012x}"
            self._system_groups[workspace.id] = Named(uuid, "Open Tickets", workspace, "tickets > 0")
        return self._system_groups[workspace.id]

    def add_run(self, run: Run) -> None:
        self.runs.append(run)
        if run.start is not None:
            run.start.runs_made += 1

    # What the API asks besides.

    def only_broadcast(self, workspace: Workspace, number: int | None, uuid: str | None) -> Ordered[Broadcast]:
        """A list of the broadcast with that number and UUID, if it is the workspace's and is listed at all."""
        found = self.broadcast_by_id.get(number) if number is not None else self.broadcast_by_uuid.get(uuid or "")
        same = found is not None and found.workspace is workspace and uuid in (None, found.uuid)
        return _by_creation([found] if found is not None and same and not found.scheduled else ())

    def only_message(
        self, workspace: Workspace, number: int | None, uuid: str | None, among: Timed[Message]
    ) -> Ordered[Message]:
        """A list of the message with that number and UUID, if it is the workspace's and among the given ones."""
        found = self.message_by_id.get(number) if number is not None else self.message_by_uuid.get(uuid or "")
        if found is None or found.workspace is not workspace or uuid not in (None, found.uuid):
            return _by_creation()
        here = found in among if isinstance(among, Ordered) else any(found is one for one in among.newest())
        return _by_creation([found] if here else ())

    # What the parts behind the API ask (`records.Records`).

    def workspaces(self) -> Sequence[Workspace]:
        return list(self.spaces.values())

    def workspace_of(self, row: Any) -> Workspace:
        workspace: Workspace = row.workspace
        return workspace

    def channels_of(self, workspace: Any) -> Sequence[Channel]:
        return [channel for channel in self.channels if channel.workspace is workspace]

    def channel_of(self, message: Any) -> Channel | None:
        channel: Channel | None = message.channel
        return channel

    def groups_of(self, contact: Any) -> Sequence[Named]:
        groups: list[Named] = contact.groups
        return groups

    def fields_of(self, workspace: Any, contact: Any) -> Sequence[tuple[str, str, Any]]:
        known = [one for one in self.fields if one.workspace is workspace]
        return [(one.key, one.name, contact.fields.get(one.key)) for one in known]

    def globals_of(self, workspace: Any) -> Sequence[tuple[str, str, str]]:
        return [(one.key, one.name, one.value) for one in self.globals if one.workspace is workspace]

    def wanted(self, row: Any) -> Any:
        return Recipients(row, self.contacts.values())

    def texts_of(self, broadcast: Any) -> Mapping[str, str]:
        return {language: one.get("text") or "" for language, one in broadcast.translations.items()}

    def attached(self, broadcast: Any) -> bool:
        return any(one.get("attachments") for one in broadcast.translations.values())

    def contact_by_urn(self, workspace: Any, identity: str) -> Contact | None:
        return self._owners.get((workspace.id, identity))

    def contact_of(self, message: Any) -> Contact:
        contact: Contact = message.contact
        return contact

    def all_messages(self) -> Iterable[Message]:
        return [self.message_by_id[number] for number in sorted(self.message_by_id)]

    def message(self, message_id: int) -> Message | None:
        found = self.message_by_id.get(message_id)
        return found if found is not None and found.direction == "out" else None

    def new_contact(self, workspace: Any, urn: str, now: datetime) -> Contact:
        return self.add_contact(
            Contact(self.number("contact"), self.new_uuid(), None, None, "active", [urn], {}, [], now, now, workspace)
        )

    def touch_contact(self, contact: Any, now: datetime, *, status: str, urns: list[str]) -> None:
        self.set_urns(contact, urns)
        contact.status = status
        contact.modified_on = contact.last_seen_on = now

    def set_urns(self, contact: Contact, urns: list[str]) -> None:
        """Give a contact these URNs in place of its own."""
        for urn in contact.urns:
            if self._owners.get((contact.workspace.id, identity_of(urn))) is contact:
                del self._owners[contact.workspace.id, identity_of(urn)]
        contact.urns = list(urns)
        for urn in urns:
            self._owners[contact.workspace.id, identity_of(urn)] = contact

    def set_broadcast(self, broadcast: Any, status: str, contact_count: int | None, now: datetime) -> None:  # noqa: ARG002 - broadcasts show no such time
        broadcast.status = status
        broadcast.contact_count = contact_count

    def set_start(self, start: Any, status: str, contact_count: int | None, now: datetime) -> None:
        start.status = status
        start.contact_count = contact_count
        start.modified_on = now

    def set_status(self, message: Any, status: str, now: datetime | None) -> None:
        message.status = status
        if now is not None:
            message.modified_on = now
        self.folders.file(message)

    def set_visibility(self, message: Message, visibility: str, now: datetime | None = None) -> None:
        """Archive a message, take it back, delete it; a deleted one keeps no text."""
        message.visibility = visibility
        if message.deleted:
            message.text = ""
            message.attachments = []
            self.set_labels(message, [])
        if now is not None:
            message.modified_on = now
        self.folders.file(message)

    def set_labels(self, message: Message, labels: list[Named]) -> None:
        """Give a message these labels in place of its own."""
        for label in message.labels:
            self.by_label[label.uuid].remove(message)
        message.labels = labels
        for label in labels:
            self.by_label[label.uuid].add(message)

    def new_outgoing(
        self, workspace: Any, contact: Any, *, uuid: str, text: str, urn: str | None, channel: Any, status: str,
        failed_reason: str | None, broadcast: Any, flow: Any, language: str | None, now: datetime,
    ) -> Message:  # fmt: skip
        return self.add_message(
            Message(
                self.number("message"),
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
                text,
                now,
                now,
                failed_reason=failed_reason,
                flow=flow,
                language=language,
            )
        )

    def new_incoming(
        self, workspace: Any, contact: Any, *, uuid: str, text: str, urn: str, channel: Any, flow: Any,
        archived: bool, external_id: str, now: datetime,
    ) -> Message:  # fmt: skip
        visibility = "archived" if archived else "visible"
        return self.add_message(
            Message(
                self.number("message"),
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

    def catch_all_flow(self, workspace: Any, now: datetime) -> Flow:
        for flow in self.flows:
            if flow.workspace is workspace and not flow.archived and not flow.deleted:
                return flow
        return self.new_flow(workspace, "Relay", now)

    def new_flow(self, workspace: Any, name: str, now: datetime) -> Flow:
        flow = Flow(self.new_uuid(), name, False, False, now, now, workspace, made=True)
        self.flows.append(flow)
        return flow

    def new_run(self, workspace: Any, contact: Any, flow: Any, *, uuid: str, start: Any, now: datetime) -> Run:
        flow = start.flow if flow is None and start is not None else flow
        run = Run(
            self.number("run"), uuid, workspace, flow, contact, start, "active", start is None, {}, [], now, now, None
        )
        self.add_run(run)
        return run

    def end_run(self, run: Any, results: Mapping[str, Any], now: datetime) -> None:
        run.status = "completed"
        told = {"node_uuid": ONLY_NODE, "created_on": now.isoformat().replace("+00:00", "Z")}
        run.results = {key: {**one, **told} for key, one in results.items()}
        run.modified_on = run.exited_on = now


class Recipients:
    """Who a broadcast or a flow start is for."""

    def __init__(self, row: Any, everybody: Iterable[Contact]) -> None:
        self.contacts: Sequence[Contact] = row.contacts
        self.urns: Sequence[str] = row.urns or ()
        self.by_group = bool(row.groups)
        wanted = set(map(id, row.groups))
        self.members: Sequence[Contact] = (
            [one for one in everybody if any(id(group) in wanted for group in one.groups)] if wanted else ()
        )


def _by_creation(rows: Iterable[Any] = ()) -> Ordered[Any]:
    return Ordered(lambda row: (row.created_on, row.id), rows)
