"""The rows of the fake RapidPro with their indexes, which find rows without a full scan.

Attributes that an index depends on are only changed here, so that no index is stale. Callers hold the service's lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from fakes.rapidpro.store.folders import Folders
from fakes.rapidpro.store.indexes import Indexes, IndexName, SortKey
from fakes.rapidpro.store.ordered import Ordered, Timed, by_creation, by_modification
from fakes.rapidpro.store.rows import (
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
from fakes.rapidpro.urns import identity_of


class Tables:
    """All rows. The ids of new ones follow those of the seed."""

    def __init__(self, new_uuid: Callable[[], str], created_on: datetime) -> None:
        self.new_uuid = new_uuid
        self.clear(created_on)

    def clear(self, created_on: datetime) -> None:
        """Remove all rows; `created_on` is the time of the reset."""
        self.created_on = created_on
        self.workspace_by_id: dict[int, Workspace] = {}
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self.former_keys: list[tuple[str, str]] = []
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
        self.contact_indexes: Indexes[Contact] = Indexes(_contact_index_entries)
        self.run_indexes: Indexes[Run] = Indexes(_run_index_entries)
        self.start_indexes: Indexes[FlowStart] = Indexes(_start_index_entries)
        self.message_by_id: dict[int, Message] = {}
        self.message_by_uuid: dict[str, Message] = {}
        self.message_changes = 0
        """How often messages were added, or changed their status or visibility."""
        self._changed_messages: dict[int, int] = {}  # by id the number of the last change, in that order
        self.broadcast_by_uuid: dict[str, Broadcast] = {}
        self._system_groups: dict[int, Named] = {}
        self._owners: dict[tuple[int, str], Contact] = {}
        self.next_ids = {"contact": 1, "broadcast": 9001, "message": 8001, "start": 990, "run": 1001}

    def replace_with(self, other: Tables) -> None:
        """Take over the rows of another store, which must not be used any more."""
        self.__dict__.update(other.__dict__)

    def next_id(self, kind: str) -> int:
        """The next id of a kind: contact, broadcast, message, start or run."""
        number = self.next_ids[kind]
        self.next_ids[kind] = number + 1
        return number

    def revoke_key(self, token: Token) -> None:
        """Remove a token's key, which is no longer valid but stays a secret."""
        del self.tokens[token.key]
        self.former_keys.append((token.name, token.key))

    # Adding rows.

    def add_contact(self, contact: Contact) -> Contact:
        self.contacts[contact.uuid] = contact
        self.contact_indexes.update(contact)
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
        self.note_change(message)
        self.messages[message.workspace.id].add(message)
        self.by_contact[message.contact.uuid].add(message)
        self.folders.update(message)
        for label in message.labels:
            self.by_label[label.uuid].add(message)
        if message.broadcast is not None:
            self.by_broadcast[message.broadcast.id].add(message)
        return message

    def note_change(self, message: Message) -> None:
        """A message is new, or its status or visibility has changed."""
        self.message_changes += 1
        self._changed_messages.pop(message.id, None)
        self._changed_messages[message.id] = self.message_changes

    def messages_changed_after(self, number: int) -> list[tuple[int, Message]]:
        """Number of its last change and message, of each that was added or changed after that change, in order."""
        found = []
        for id_, change in reversed(self._changed_messages.items()):
            if change <= number:
                break
            found.append((change, self.message_by_id[id_]))
        return found[::-1]

    def system_group(self, workspace: Workspace) -> Named:
        """The system group that every workspace has."""
        if workspace.id not in self._system_groups:
            uuid = f"00000060-0000-4000-8000-{0x59 + workspace.id:012x}"
            self._system_groups[workspace.id] = Named(uuid, "Open Tickets", workspace, "tickets > 0")
        return self._system_groups[workspace.id]

    def add_start(self, start: FlowStart) -> None:
        self.starts.append(start)
        self.start_indexes.update(start)

    def add_run(self, run: Run) -> None:
        self.runs.append(run)
        self.run_indexes.update(run)
        if run.start is not None:
            run.start.runs_made += 1

    # Look-ups for the API.

    def only_broadcast(self, workspace: Workspace, number: int | None, uuid: str | None) -> Ordered[Broadcast]:
        """A list of the broadcast with that id and UUID, if it is the workspace's and not scheduled; else empty."""
        found = self.broadcast_by_id.get(number) if number is not None else self.broadcast_by_uuid.get(uuid or "")
        same = found is not None and found.workspace is workspace and uuid in (None, found.uuid)
        return _by_creation([found] if found is not None and same and not found.scheduled else ())

    def only_message(
        self, workspace: Workspace, number: int | None, uuid: str | None, among: Timed[Message]
    ) -> Ordered[Message]:
        """A list of the message with that id and UUID, if it is the workspace's and one of `among`; else empty."""
        found = self.message_by_id.get(number) if number is not None else self.message_by_uuid.get(uuid or "")
        if found is None or found.workspace is not workspace or uuid not in (None, found.uuid):
            return _by_creation()
        here = found in among if isinstance(among, Ordered) else any(found is one for one in among.newest())
        return _by_creation([found] if here else ())

    # Changes to indexed attributes.

    def contact_by_urn(self, workspace: Any, identity: str) -> Contact | None:
        return self._owners.get((workspace.id, identity))

    def set_urns(self, contact: Contact, urns: list[str]) -> None:
        """Replace a contact's URNs."""
        for urn in contact.urns:
            if self._owners.get((contact.workspace.id, identity_of(urn))) is contact:
                del self._owners[contact.workspace.id, identity_of(urn)]
        contact.urns = list(urns)
        for urn in urns:
            self._owners[contact.workspace.id, identity_of(urn)] = contact

    def mark_modified(self, contact: Contact, now: datetime) -> None:
        """Set the contact's modified_on."""
        contact.modified_on = now
        self.contact_indexes.update(contact)

    def set_visibility(self, message: Message, visibility: str, now: datetime | None = None) -> None:
        """Archive, restore or delete a message; a deleted one loses its text."""
        message.visibility = visibility
        if message.deleted:
            message.text = ""
            message.attachments = []
            self.set_labels(message, [])
        if now is not None:
            message.modified_on = now
        self.note_change(message)
        self.folders.update(message)

    def set_labels(self, message: Message, labels: list[Named]) -> None:
        """Replace a message's labels."""
        for label in message.labels:
            self.by_label[label.uuid].remove(message)
        message.labels = labels
        for label in labels:
            self.by_label[label.uuid].add(message)


def _by_creation(rows: Iterable[Any] = ()) -> Ordered[Any]:
    return Ordered(by_creation, rows)


def _contact_index_entries(row: Contact) -> list[tuple[IndexName, SortKey]]:
    return [((row.workspace.id, row.deleted), by_modification)]


def _start_index_entries(row: FlowStart) -> list[tuple[IndexName, SortKey]]:
    return [(row.workspace.id, by_modification)]


def _run_index_entries(row: Run) -> list[tuple[IndexName, SortKey]]:
    names = (row.workspace.id, (row.workspace.id, row.contact.uuid), (row.workspace.id, row.flow.uuid))
    return [(name, by_modification) for name in names]
