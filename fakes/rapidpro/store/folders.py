"""Messages by folder: looked up in indexes, never searched for among all messages.

A message's indexes depend on its direction, visibility, status and flow, and are updated whenever one of these
changes. Which indexes make up a folder differs between versions: see `profiles`. Source: rapidpro
temba/msgs/models.py (SystemLabel), where partial indexes of the database do this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.store.indexes import Indexes, IndexName, SortKey
from fakes.rapidpro.store.ordered import Key, Merged, Timed, by_creation, by_modification
from fakes.rapidpro.store.rows import Message

SENT = frozenset({"wired", "sent", "delivered", "read"})
INBOX, FLOWS, VOICE, VOICE_FLOWS = "inbox", "flows", "voice", "voice flows"
"""Handled incoming messages: text or other types, without a flow or with one."""


def created(row: Message) -> datetime:
    """The time that most lists are ordered by."""
    return row.created_on


def sent(row: Message) -> datetime:
    """The time that the folder of sent messages is ordered by."""
    return row.sent_on or row.created_on


class Folders:
    """The message indexes of all workspaces."""

    __slots__ = ("_indexes", "update")

    def __init__(self) -> None:
        self._indexes: Indexes[Message] = Indexes(_index_entries)
        self.update = self._indexes.update
        """Call it with each message that is new or has changed."""

    @property
    def changes(self) -> int:
        """How often messages were added or changed."""
        return self._indexes.changes

    def of(self, workspace: int, names: Iterable[str]) -> Timed[Message]:
        """The messages of one index, or of several that are in the same order."""
        found = [index for name in names if (index := self._indexes.of((workspace, name))) is not None]
        return found[0] if len(found) == 1 else Merged(found, by_creation)


def _index_entries(row: Message) -> list[tuple[IndexName, SortKey]]:
    return [((row.workspace.id, name), _KEYS.get(name, by_creation)) for name in _index_names(row)]


def _index_names(row: Message) -> Iterable[str]:
    if row.direction == "out":
        if row.visibility != "visible":
            return ()
        return (row.status, "sent by time") if row.status in SENT else (row.status,)
    if row.status == "pending":
        return ("unhandled",)
    if row.visibility != "visible":
        return ("incoming", "archived") if row.visibility == "archived" else ("incoming",)
    if row.type != "text":
        return ("incoming", VOICE if row.flow is None else VOICE_FLOWS)
    return ("incoming", INBOX if row.flow is None else FLOWS)


def _by_sending(row: Message) -> Key:
    return row.sent_on or row.created_on, row.id


_KEYS: Mapping[str, Any] = MappingProxyType(
    {"sent by time": _by_sending, "incoming": by_modification, "unhandled": by_modification}
)
