"""Messages by folder: which ones a folder shows is looked up, never searched for among all messages.

A message is filed by what decides about folders (direction, visibility, status, flow); it is filed anew whenever one of
these changes. Which files make up a folder differs between versions: see `profiles`. Source: rapidpro
temba/msgs/models.py (SystemLabel), where partial indexes of the database do this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.ordered import Key, Merged, Ordered, Timed
from fakes.rapidpro.rows import Message

SENT = frozenset({"wired", "sent", "delivered", "read"})
INBOX, FLOWS, VOICE, VOICE_FLOWS = "inbox", "flows", "voice", "voice flows"
"""Handled incoming messages: of text or otherwise, without a flow and with one."""

File = tuple[int, str]
Place = tuple[Ordered[Message], Key]


def created(row: Message) -> datetime:
    """What most lists are ordered by."""
    return row.created_on


def sent(row: Message) -> datetime:
    """What the folder of sent messages is ordered by."""
    return row.sent_on or row.created_on


def modified(row: Message) -> datetime:
    """What the folder of all incoming messages is ordered by."""
    return row.modified_on


class Folders:
    """The files of all workspaces."""

    __slots__ = ("_files", "_places")

    def __init__(self) -> None:
        self._files: dict[File, Ordered[Message]] = {}
        self._places: dict[int, tuple[Place, ...]] = {}

    def file(self, row: Message) -> None:
        """Put a message, new or changed, where it belongs."""
        for ordered, key in self._places.get(row.id, ()):
            ordered.remove(row, key)
        self._places[row.id] = tuple(self._put(row, name) for name in _names(row))

    def _put(self, row: Message, name: str) -> Place:
        key = _KEYS.get(name, _by_creation)
        number = row.workspace.id, name
        ordered = self._files.get(number)
        if ordered is None:
            ordered = self._files[number] = Ordered(key)
        ordered.add(row)
        return ordered, key(row)

    def of(self, workspace: int, names: Iterable[str]) -> Timed[Message]:
        """The messages of one file or of several, which must be in the same order."""
        found = [self._files[workspace, name] for name in names if (workspace, name) in self._files]
        return found[0] if len(found) == 1 else Merged(found, _by_creation)


def _names(row: Message) -> Iterable[str]:
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


def _by_creation(row: Message) -> Key:
    return row.created_on, row.id


def _by_modification(row: Message) -> Key:
    return row.modified_on, row.id


def _by_sending(row: Message) -> Key:
    return row.sent_on or row.created_on, row.id


_KEYS: Mapping[str, Any] = MappingProxyType(
    {"sent by time": _by_sending, "incoming": _by_modification, "unhandled": _by_modification}
)
