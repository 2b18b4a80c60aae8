"""CHT's database views of messages, updated with every change of a document.

Stands for the views `messages_by_state`, `gateway_messages_by_state`, `messages_by_uuid` and `messages_by_gateway_ref`
(cht-core `ddocs/medic-db`). Equal keys are ordered by document id, then by the emitted value, as in CouchDB.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from fakes.cht.couch.documents import Doc
from fakes.cht.couch.sorted_set import SortedSet
from fakes.cht.javascript.dates import milliseconds
from fakes.cht.javascript.js import truthy

WAITING = ("pending", "forwarded-to-gateway")
"""The states of messages that wait to be sent."""


class Row(NamedTuple):
    """One message of a task at the time of the look-up. `when` is in ms since 1970, None without a date."""

    doc_id: str
    uuid: Any
    to: Any
    content: Any
    gateway_ref: Any
    state: Any
    when: float | None


def json_key(value: Any) -> Any:
    """A hashable key of a JSON value: equal only for equal type and value (1 and 1.0 are one number)."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return ("atom", value)
    if isinstance(value, (int, float)):
        return ("number", value)
    return ("json", json.dumps(value))


def value_order(value: Any) -> tuple[int, Any]:
    """A sort key in the order of Erlang terms, in which CouchDB sorts the values that one document emits."""
    if isinstance(value, str):
        return (4, value)
    if value is None or isinstance(value, bool):
        return (1, json.dumps(value))
    if isinstance(value, (int, float)):
        return (0, value)
    return (2 if isinstance(value, dict) else 3, json.dumps(value))


class _Entries(NamedTuple):
    """What one document emits: (state, key, row) of dated and of referenced messages, uuids, references."""

    dated: list[tuple[Any, tuple[Any, ...], tuple[Any, ...] | None]]
    referenced: list[tuple[Any, tuple[Any, ...], tuple[Any, ...]]]
    uuids: list[Any]
    refs: list[tuple[Any, Any, Any]]


class MessageViews:
    """Finds messages without scanning the documents. `changed` updates it; not thread-safe.

    Everything is stored in plain tuples, which the garbage collector skips.
    """

    def __init__(self) -> None:
        self._entries: dict[str, tuple[Any, ...]] = {}
        self._dated: dict[Any, SortedSet] = {}
        self._referenced: dict[Any, SortedSet] = {}
        self._rows: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        self._uuids: dict[Any, dict[str, None]] = {}
        self._refs: dict[Any, dict[str, None]] = {}

    def changed(self, doc_id: str, doc: Doc | None) -> None:
        """Update the views for a changed document; None for a deleted one."""
        self._remove(doc_id)
        if doc is not None:
            self._add(doc)

    def oldest(self, states: Iterable[Any] = WAITING, limit: int | None = 25) -> list[Row]:
        """The first `limit` messages in any of `states` by date; messages without a date are left out."""
        runs = [self._dated[json_key(state)].since((0,)) for state in states if json_key(state) in self._dated]
        keys = (key for key in heapq.merge(*runs) if key[-1] >= 0)
        return [Row(*self._rows[("time", *key)]) for key in islice(keys, limit)]

    def due(self, state: Any, start: float, end: float) -> list[str]:
        """Ids of documents with a message, or a task without messages, in `state` and dated within [start, end] (ms).

        Sorted by date; a document may occur more than once.
        """
        index = self._dated.get(json_key(state))
        found: list[str] = []
        for key in index.since((start,)) if index else ():
            if key[0] > end:
                break
            found.append(key[1])
        return found

    def with_reference(self, states: Sequence[Any], skip: int = 0, limit: int = 25) -> list[Row]:
        """Messages of tasks with a gateway reference: all in the first state by document id, then in the next state."""
        found: list[Row] = []
        for state in states:
            index = self._referenced.get(json_key(state))
            if index is None or skip >= len(index):
                skip -= len(index) if index is not None else 0
                continue
            keys = islice(index.after(skip), limit - len(found))
            found.extend(Row(*self._rows[("ref", *key)]) for key in keys)
            skip = 0
        return found

    def count(self, state: Any) -> int:
        """Number of dated messages in `state`."""
        index = self._dated.get(json_key(state))
        return len(index) if index is not None else 0

    def states(self) -> dict[str, int]:
        """Number of dated messages by state."""
        return {str(state): len(index) for state, index in self._dated.items() if len(index)}

    def documents_of(self, uuid: Any) -> list[str]:
        """Ids of the documents that have a message with that uuid, sorted."""
        return sorted(self._uuids.get(json_key(uuid), ()))

    def uuids_of(self, gateway_ref: Any) -> list[Any]:
        """The uuid of each message with a gateway reference; None for an incoming message.

        Sorted by document id, then uuid. Empty for an unknown reference. Type and value must be equal.
        """
        key = json_key(gateway_ref)
        found: list[Any] = []
        for doc_id in sorted(self._refs.get(key, ())):
            entries = self._entries[doc_id][-1]
            found.extend(uuid for _, uuid, _ in sorted((e for e in entries if e[0] == key), key=lambda e: e[2]))
        return found

    def has_reference(self, gateway_ref: Any) -> bool:
        """Whether an incoming text or a task with messages has that reference. Type and value must be equal."""
        return json_key(gateway_ref) in self._refs

    def _remove(self, doc_id: str) -> None:
        if doc_id not in self._entries:
            return
        dated, referenced, uuids, refs = self._entries.pop(doc_id)
        for state, key, row in dated:
            self._dated[state].discard(key)
            if row is not None:
                del self._rows[("time", *key)]
        for state, key, _ in referenced:
            self._referenced[state].discard(key)
            del self._rows[("ref", *key)]
        _remove_holder(self._uuids, uuids, doc_id)
        _remove_holder(self._refs, (ref for ref, _, _ in refs), doc_id)

    def _add(self, doc: Doc) -> None:
        doc_id = doc["_id"]
        entries = _entries_of(doc)
        if not any(entries):
            return
        self._entries[doc_id] = tuple(tuple(part) for part in entries)
        for state, key, row in entries.dated:
            self._dated.setdefault(state, SortedSet()).add(key)
            if row is not None:
                self._rows[("time", *key)] = row
        for state, key, row in entries.referenced:
            self._referenced.setdefault(state, SortedSet()).add(key)
            self._rows[("ref", *key)] = row
        for uuid in entries.uuids:
            self._uuids.setdefault(uuid, {})[doc_id] = None
        for ref, _, _ in entries.refs:
            self._refs.setdefault(ref, {})[doc_id] = None


def _remove_holder(index: dict[Any, dict[str, None]], keys: Iterable[Any], doc_id: str) -> None:
    for key in keys:
        holders = index.get(key)
        if holders is not None:
            holders.pop(doc_id, None)
            if not holders:
                del index[key]


def _entries_of(doc: Doc) -> _Entries:
    """The entries of a document. A document of an unexpected shape has none, as a view that throws emits nothing."""
    found = _Entries([], [], [], [])
    try:
        for position, task in enumerate(chain(doc.get("tasks") or (), doc.get("scheduled_tasks") or ())):
            _add_task(found, doc, task, position)
        incoming = doc.get("sms_message")
        if doc.get("type") == "data_record" and incoming:
            _add_reference(found, incoming.get("gateway_ref"), incoming.get("uuid"))
    except (AttributeError, TypeError):
        return _Entries([], [], [], [])
    return found


def _add_task(found: _Entries, doc: Doc, task: Doc, position: int) -> None:
    when = milliseconds(task.get("due") or task.get("timestamp") or doc.get("reported_date"))
    doc_id, state = doc["_id"], json_key(task.get("state"))
    messages = task.get("messages")
    if not messages and not isinstance(messages, list):
        if when is not None:
            found.dated.append((state, (when, doc_id, (), (), (), -1 - position), None))
        return
    reference = task.get("gateway_ref")
    for place, message in enumerate(messages):
        uuid, to, content = message.get("uuid"), message.get("to"), message.get("message")
        if uuid:
            found.uuids.append(json_key(uuid))
        _add_reference(found, reference, uuid)
        if not (truthy(uuid) and truthy(to) and truthy(content)):
            continue
        row = (doc_id, uuid, to, content, reference, task.get("state"), when)
        at = (position << 20) + place
        if when is not None:
            key = (when, doc_id, value_order(content), value_order(to), value_order(uuid), at)
            found.dated.append((state, key, row))
        if reference:
            found.referenced.append((state, (doc_id, value_order(uuid), value_order(reference), at), row))


def _add_reference(found: _Entries, reference: Any, uuid: Any) -> None:
    if reference:
        found.refs.append((json_key(reference), uuid, value_order(uuid)))


def all_messages(doc: Doc) -> Iterator[tuple[Doc, Doc]]:
    """Every (task, message) of a document, immediate tasks first; entries of an unexpected shape are skipped."""
    for task in chain(doc.get("tasks") or (), doc.get("scheduled_tasks") or ()):
        if isinstance(task, dict):
            for message in task.get("messages") or ():
                if isinstance(message, dict):
                    yield task, message
