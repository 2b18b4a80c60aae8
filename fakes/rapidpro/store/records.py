"""The store as the parts behind the API use it: the rows they read, and the changes they make.

Every change goes through the store, which keeps the indexes up to date. Callers hold the service's lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

NODE_UUID = "0000000d-0000-4000-8000-000000000001"
"""The only node of a flow here, from which results of runs come."""


class Workspace(Protocol):
    """A customer's workspace."""

    @property
    def id(self) -> int: ...
    @property
    def timezone(self) -> str: ...
    @property
    def date_style(self) -> str: ...
    @property
    def default_country(self) -> str: ...
    @property
    def languages(self) -> Sequence[str]: ...
    @property
    def anonymous(self) -> bool: ...
    @property
    def suspended(self) -> bool: ...


class Channel(Protocol):
    """A channel; `schemes` are the URN schemes it can send to."""

    @property
    def uuid(self) -> str: ...
    @property
    def address(self) -> str | None: ...
    @property
    def country(self) -> str | None: ...
    @property
    def schemes(self) -> Iterable[str]: ...


class Named(Protocol):
    """A group or a flow."""

    @property
    def uuid(self) -> str: ...
    @property
    def name(self) -> str: ...


class Contact(Protocol):
    """A person; `status`: active, blocked, stopped, archived."""

    status: str
    urns: list[str]

    @property
    def id(self) -> int: ...
    @property
    def uuid(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def language(self) -> str | None: ...
    @property
    def created_on(self) -> datetime: ...


class Message(Protocol):
    """`status`: initializing, queued, wired, sent, delivered, read, errored, failed; incoming: pending, handled."""

    sent_on: datetime | None
    failed_reason: str | None
    errors: int
    """The number of failed attempts."""
    external_id: str | None
    """The aggregator's id for it; None if no aggregator accepted it."""

    @property
    def id(self) -> int: ...
    @property
    def uuid(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def urn(self) -> str | None: ...
    @property
    def high_priority(self) -> bool: ...


class Content(NamedTuple):
    """The content of a message. Quick replies are objects with a type, a text and perhaps more."""

    text: str
    attachments: Sequence[str] = ()
    quick_replies: Sequence[Mapping[str, Any]] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to send."""
        return not (self.text or self.attachments or self.quick_replies)


class Recipients(Protocol):
    """Who a broadcast or flow start is for: contacts, URNs, the members of groups, and who fits a query."""

    @property
    def contacts(self) -> Sequence[Contact]: ...
    @property
    def urns(self) -> Sequence[str]: ...
    @property
    def members(self) -> Sequence[Contact]: ...
    @property
    def by_group(self) -> bool: ...
    @property
    def query(self) -> str: ...


class Records(Protocol):
    """The store as the parts behind the API use it."""

    def workspaces(self) -> Sequence[Workspace]: ...
    def workspace_of(self, row: Any) -> Workspace: ...
    def channels_of(self, workspace: Workspace) -> Sequence[Channel]: ...
    def remove_channel(self, uuid: str) -> Channel | None:
        """Remove a channel. Returns it, or None for an unknown UUID."""
        ...

    def channel_of(self, message: Any) -> Channel | None:
        """The channel of a message; None if it was removed."""
        ...

    def set_channel(self, message: Any, channel: Any) -> None: ...
    def groups_of(self, contact: Any) -> Sequence[Named]: ...
    def fields_of(self, workspace: Workspace, contact: Any) -> Sequence[tuple[str, str, Any]]:
        """Key, name and value (None: unset) of each field of the workspace."""
        ...

    def globals_of(self, workspace: Workspace) -> Sequence[tuple[str, str, str]]:
        """Key, name and value."""
        ...

    def recipients_of(self, row: Any) -> Recipients:
        """Who a broadcast or flow start is for."""
        ...

    def translations_of(self, broadcast: Any) -> Mapping[str, Mapping[str, Any]]:
        """By language: text, attachments and quick_replies, as far as present."""
        ...

    def contact_by_urn(self, workspace: Workspace, identity: str) -> Any:
        """The contact with that scheme and path, or None."""
        ...

    def contact_of(self, message: Any) -> Any: ...
    def all_messages(self) -> Iterable[Any]:
        """All messages in order of id, incoming ones too."""
        ...

    @property
    def message_changes(self) -> int:
        """How often messages were added, or changed their status or visibility."""
        ...

    def messages_changed_after(self, number: int) -> Sequence[tuple[int, Any]]:
        """Number of its last change and message, of each that was added or changed after that change, in order."""
        ...

    def message(self, message_id: int) -> Any:
        """The outgoing message with that id, or None."""
        ...

    def new_contact(self, workspace: Workspace, urn: str | None, now: datetime) -> Any: ...
    def last_channel_of(self, contact: Any, urn: str) -> Any:
        """The channel of the last text from the contact's URN; None without one, or if it was removed."""
        ...

    def set_preferred_urn(self, contact: Any, urn: str, channel: Any) -> None:
        """Make the URN the contact's first, and record the channel of its last text."""
        ...

    def mark_seen(self, contact: Any, now: datetime, *, status: str) -> None:
        """Set the contact's last_seen_on and status."""
        ...

    def set_broadcast(self, broadcast: Any, status: str, contact_count: int | None, now: datetime) -> None: ...
    def set_start(self, start: Any, status: str, contact_count: int | None, now: datetime) -> None: ...
    def set_status(self, message: Any, status: str, now: datetime | None) -> None:
        """Set a message's status; `now` is its new modified_on, None leaves that unchanged."""
        ...

    def new_outgoing(
        self, workspace: Workspace, contact: Any, *, uuid: str, content: Content, urn: str | None, channel: Any,
        status: str, failed_reason: str | None, broadcast: Any, flow: Any, high_priority: bool, now: datetime,
    ) -> Any:  # fmt: skip
        """Store an outgoing message; `content`: see `broadcast_content`."""
        ...

    def new_incoming(
        self, workspace: Workspace, contact: Any, *, uuid: str, text: str, urn: str, channel: Any, flow: Any,
        archived: bool, external_id: str, now: datetime,
    ) -> Any: ...  # fmt: skip
    def catch_all_flow(self, workspace: Workspace, now: datetime) -> Any:
        """The flow without a definition of its own that texts start; created if there is none."""
        ...

    def new_flow(self, workspace: Workspace, name: str, now: datetime, *, uuid: str = "") -> Any: ...
    def flow_of(self, workspace: Workspace, uuid: str) -> Any:
        """The workspace's flow of that UUID, or None."""
        ...

    def new_run(
        self, workspace: Workspace, contact: Any, flow: Any, *, uuid: str, start: Any, now: datetime
    ) -> Any: ...
    def set_run(
        self, run: Any, now: datetime, *, status: str, results: Mapping[str, Any], path: Sequence[Any], responded: bool
    ) -> None: ...
    def was_in_flow(self, contact: Any, flow: Any) -> bool: ...

    # What flows read and change: see `flow_rows`.

    def new_uuid(self) -> str: ...
    def fields_in(self, workspace: Workspace) -> Sequence[Any]: ...
    def groups_in(self, workspace: Workspace) -> Sequence[Any]: ...
    def labels_in(self, workspace: Workspace) -> Sequence[Any]: ...
    def users_in(self, workspace: Workspace) -> Sequence[Any]: ...
    def new_group(self, workspace: Workspace, uuid: str, name: str, query: str | None) -> Any: ...
    def new_field(self, workspace: Workspace, key: str, name: str, kind: str) -> None: ...
    def set_global(self, workspace: Workspace, key: str, value: str, now: datetime) -> None: ...
    def contact_by_uuid(self, workspace: Workspace, uuid: str) -> Any: ...
    def contacts_in(self, workspace: Workspace) -> Sequence[Any]:
        """The workspace's contacts, oldest first."""
        ...

    def flows_of(self, contact: Any) -> Sequence[Any]:
        """The flows of the contact's runs."""
        ...

    def change_contact(self, contact: Any, now: datetime, **changes: Any) -> None: ...
    def set_flow(self, message: Any, flow: Any) -> None: ...
    def add_label(self, message: Any, name: str) -> None: ...
    def new_broadcast(
        self, workspace: Workspace, translations: Mapping[str, Any], base_language: str, *, uuid: str,
        urns: Sequence[str], contacts: Sequence[Any], groups: Sequence[str], query: str, now: datetime,
    ) -> Any: ...  # fmt: skip
    def new_start(
        self, workspace: Workspace, flow: Any, *, uuid: str, urns: Sequence[str], contacts: Sequence[Any],
        groups: Sequence[str], query: str, exclusions: Mapping[str, bool], creates_contact: bool, now: datetime,
    ) -> Any: ...  # fmt: skip
