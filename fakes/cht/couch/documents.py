"""A database of JSON documents as in CouchDB: ids, revisions, conflicts, tombstones."""

from __future__ import annotations

import hashlib
import json
import sys
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Doc = dict[str, Any]
Listener = Callable[[str, Doc | None], None]
"""Called within a change with the id and the document, None if it was deleted. It must not change the document."""


class Conflict(Exception):
    """The given revision is not the current one."""


class NotFound(Exception):
    """No such document; the text is CouchDB's reason: `missing` or `deleted`."""


def copy_json(value: Any) -> Any:
    """A deep copy of a JSON value; several times faster than copy.deepcopy."""
    if isinstance(value, dict):
        return {key: copy_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copy_json(item) for item in value]
    return value


class Documents:
    """One database. Not thread-safe: threads that share it must hold the lock of the state.

    Documents go in and out as copies, so that nobody changes a stored document by accident. They are stored as JSON
    text, so that a hundred thousand of them do not slow down the garbage collector.
    """

    def __init__(self) -> None:
        self._docs: dict[str, tuple[str, str]] = {}  # revision, text
        self._tombstones: dict[str, str] = {}
        self._ids: list[str] = []
        self._sorted = True
        self._changed: dict[str, int] = {}  # the number of its last change, in that order
        self._listeners: list[Listener] = []
        self.sequence = 0
        """Number of changes so far (the update sequence)."""

    def __len__(self) -> int:
        return len(self._docs)

    def __contains__(self, doc_id: str) -> bool:
        return doc_id in self._docs

    def listen(self, listener: Listener) -> None:
        """Call `listener` within every change from now on."""
        self._listeners.append(listener)

    def get(self, doc_id: str) -> Doc | None:
        """A copy of the document with `_id` and `_rev`; None if it does not exist or is deleted."""
        stored = self._docs.get(doc_id)
        return None if stored is None else json.loads(stored[1])

    def revision(self, doc_id: str) -> str | None:
        """The current revision of a document, or None."""
        stored = self._docs.get(doc_id)
        return None if stored is None else stored[0]

    def missing_reason(self, doc_id: str) -> str:
        """`deleted` if the document existed once, else `missing`."""
        return "deleted" if doc_id in self._tombstones else "missing"

    def deleted_revision(self, doc_id: str) -> str | None:
        """The revision of a document's tombstone, or None."""
        return self._tombstones.get(doc_id)

    def ids(self) -> list[str]:
        """The ids of all documents, sorted by code points as in CouchDB."""
        if not self._sorted:
            self._ids = sorted(self._docs)
            self._sorted = True
        return self._ids

    def ids_with_prefix(self, prefix: str) -> list[str]:
        """The ids that begin with `prefix`, in order."""
        ids = self.ids()
        return ids[bisect_left(ids, prefix) : bisect_left(ids, prefix + chr(sys.maxunicode))]

    def changed_after(self, sequence: int) -> list[tuple[int, str]]:
        """Number of its last change and id of each document that was saved or deleted after that change, in order."""
        found: list[tuple[int, str]] = []
        for doc_id, number in reversed(self._changed.items()):
            if number <= sequence:
                break
            found.append((number, doc_id))
        return found[::-1]

    def all_docs(self) -> Iterator[Doc]:
        """Copies of all documents, sorted by id."""
        for doc_id in list(self.ids()):
            yield json.loads(self._docs[doc_id][1])

    def save(self, doc: Mapping[str, Any]) -> str:
        """Store a copy of `doc`, which must have an `_id`, and return the new revision. `doc` itself is not changed.

        `_deleted: true` leaves a tombstone. Raises Conflict if the document exists and `_rev` is not its current
        revision, or if `doc` has a `_rev` but the document does not exist.
        """
        doc_id, base = doc["_id"], doc.get("_rev")
        present = self.revision(doc_id)
        last = present if present is not None else self._tombstones.get(doc_id)
        if base != last and (present is not None or base is not None):
            raise Conflict(doc_id)
        revision = self._next_revision(doc_id, last)
        self._write(doc, doc_id, revision)
        return revision

    def replicate(self, doc: Mapping[str, Any]) -> None:
        """Store a copy of `doc` with its own `_rev`, as replication does.

        Of two revisions the later one wins, a deleted one only if there is no other; the loser is dropped (CouchDB
        would keep it as a conflict).
        """
        doc_id, revision = doc["_id"], doc["_rev"]
        present = self.revision(doc_id)
        last = present if present is not None else self._tombstones.get(doc_id)
        living = not doc.get("_deleted")
        if last is not None and (living, *_rank(revision)) <= (present is not None, *_rank(last)):
            return
        self._write(doc, doc_id, revision)

    def delete(self, doc_id: str, revision: str | None) -> str:
        """Delete a document with that revision. Raises NotFound, Conflict."""
        if doc_id not in self._docs:
            raise NotFound(self.missing_reason(doc_id))
        return self.save({"_id": doc_id, "_rev": revision, "_deleted": True})

    def _write(self, doc: Mapping[str, Any], doc_id: str, revision: str) -> None:
        self.sequence += 1
        self._changed.pop(doc_id, None)
        self._changed[doc_id] = self.sequence
        after = None
        if doc.get("_deleted"):
            self._put_tombstone(doc_id, revision)
        else:
            after = self._put(doc, doc_id, revision)
        for listener in self._listeners:
            listener(doc_id, after)

    def _put(self, doc: Mapping[str, Any], doc_id: str, revision: str) -> Doc:
        text = json.dumps({key: value for key, value in doc.items() if key != "_deleted"} | {"_rev": revision})
        if doc_id not in self._docs:
            self._tombstones.pop(doc_id, None)
            self._note_id(doc_id)
        self._docs[doc_id] = (revision, text)
        stored: Doc = json.loads(text)
        return stored

    def _note_id(self, doc_id: str) -> None:
        if self._sorted and self._ids and doc_id < self._ids[-1]:
            if len(self._ids) < 4096:
                insort(self._ids, doc_id)
            else:
                self._sorted = False  # many documents in any order: sorted once, at the next look-up
        elif self._sorted:
            self._ids.append(doc_id)

    def _put_tombstone(self, doc_id: str, revision: str) -> None:
        self._tombstones[doc_id] = revision
        if self._docs.pop(doc_id, None) is not None and self._sorted:
            del self._ids[bisect_left(self._ids, doc_id)]

    def _next_revision(self, doc_id: str, present: str | None) -> str:
        generation = int(present.partition("-")[0]) + 1 if present else 1
        digest = hashlib.blake2b(f"{doc_id} {present} {self.sequence + 1}".encode(), digest_size=16)
        return f"{generation}-{digest.hexdigest()}"


def _rank(revision: str) -> tuple[int, str]:
    """A sort key: greater for the later revision."""
    generation, _, digest = revision.partition("-")
    return int(generation), digest
