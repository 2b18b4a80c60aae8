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

from fakes.rapidpro.store.files import By, Files, Name
from fakes.rapidpro.store.ordered import Key, Merged, Timed, by_creation, by_modification
from fakes.rapidpro.store.rows import Message

SENT = frozenset({"wired", "sent", "delivered", "read"})
INBOX, FLOWS, VOICE, VOICE_FLOWS = "inbox", "flows", "voice", "voice flows"
"""Handled incoming messages: of text or otherwise, without a flow and with one."""


def created(row: Message) -> datetime:
    """What most lists are ordered by."""
    return row.created_on


def sent(row: Message) -> datetime:
    """What the folder of sent messages is ordered by."""
    return row.sent_on or row.created_on


class Folders:
    """The files of all workspaces."""

    __slots__ = ("_files", "file")

    def __init__(self) -> None:
        self._files: Files[Message] = Files(_places)
        self.file = self._files.note
        """To be called with each message that is new or has changed."""

    def of(self, workspace: int, names: Iterable[str]) -> Timed[Message]:
        """The messages of one file or of several, which must be in the same order."""
        found = [file for name in names if (file := self._files.of((workspace, name))) is not None]
        return found[0] if len(found) == 1 else Merged(found, by_creation)


def _places(row: Message) -> list[tuple[Name, By]]:
    return [((row.workspace.id, name), _KEYS.get(name, by_creation)) for name in _names(row)]


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


def _by_sending(row: Message) -> Key:
    return row.sent_on or row.created_on, row.id


_KEYS: Mapping[str, Any] = MappingProxyType(
    {"sent by time": _by_sending, "incoming": by_modification, "unhandled": by_modification}
)
