"""A database of JSON documents as CouchDB keeps them: ids, revisions, conflicts, tombstones."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Doc = dict[str, Any]
Listener = Callable[[str, Doc | None], None]
"""Called within a change with the id and the document as it is now, None if it is gone. Not to be altered."""


class Conflict(Exception):
    """The revision given is not the present one."""


class NotFound(Exception):
    """No such document; the text is the reason as CouchDB words it: `missing` or `deleted`."""


def copy_json(value: Any) -> Any:
    """A deep copy of a JSON value; several times faster than copy.deepcopy."""
    if isinstance(value, dict):
        return {key: copy_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copy_json(item) for item in value]
    return value


class Documents:
    """One database. Not locked: whoever shares it between threads holds the lock of the service.

    Documents go in and out as copies, so that nobody alters a stored one by accident. They are kept as JSON text:
    a hundred thousand of them are no burden to the garbage collector then.
    """

    def __init__(self) -> None:
        self._docs: dict[str, tuple[str, str]] = {}  # revision, text
        self._tombstones: dict[str, str] = {}
        self._ids: list[str] = []
        self._sorted = True
        self._listeners: list[Listener] = []
        self.sequence = 0
        """Number of changes so far (the update sequence)."""

    def __len__(self) -> int:
        return len(self._docs)

    def __contains__(self, doc_id: str) -> bool:
        return doc_id in self._docs

    def listen(self, listener: Listener) -> None:
        """Have `listener` called within every change from now on."""
        self._listeners.append(listener)

    def get(self, doc_id: str) -> Doc | None:
        """A copy of the document, `_id` and `_rev` included; None if there is none or it is deleted."""
        stored = self._docs.get(doc_id)
        return None if stored is None else json.loads(stored[1])

    def revision(self, doc_id: str) -> str | None:
        """The present revision of a document, None if there is none."""
        stored = self._docs.get(doc_id)
        return None if stored is None else stored[0]

    def missing_reason(self, doc_id: str) -> str:
        """`deleted` for a document that once was, `missing` otherwise."""
        return "deleted" if doc_id in self._tombstones else "missing"

    def deleted_revision(self, doc_id: str) -> str | None:
        """The revision of a deleted document's tombstone, None if there is none."""
        return self._tombstones.get(doc_id)

    def ids(self) -> list[str]:
        """The ids of all documents in order (of code points, as CouchDB's own list is)."""
        if not self._sorted:
            self._ids = sorted(self._docs)
            self._sorted = True
        return self._ids

    def all_docs(self) -> Iterator[Doc]:
        """Copies of all documents in order of id."""
        for doc_id in list(self.ids()):
            yield json.loads(self._docs[doc_id][1])

    def save(self, doc: Mapping[str, Any]) -> str:
        """Store a copy of `doc`, which has an `_id`, and return the new revision. `doc` itself is left alone.

        `_deleted: true` leaves a tombstone. Raises Conflict when the document exists and `_rev` is not its present
        revision, or when a revision is given of a document that does not exist.
        """
        doc_id, given = doc["_id"], doc.get("_rev")
        present = self.revision(doc_id)
        last = present if present is not None else self._tombstones.get(doc_id)
        if given != last and (present is not None or given is not None):
            raise Conflict(doc_id)
        revision = self._next_revision(doc_id, last)
        self._write(doc, doc_id, revision)
        return revision

    def replicate(self, doc: Mapping[str, Any]) -> None:
        """Store a copy of `doc` with the `_rev` that it brings, as replication does.

        Of two revisions the later one stays, a deleted one only if there is no other; the rest is forgotten (CouchDB
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
        """Delete a document of that revision. Raises NotFound, Conflict."""
        if doc_id not in self._docs:
            raise NotFound(self.missing_reason(doc_id))
        return self.save({"_id": doc_id, "_rev": revision, "_deleted": True})

    def _write(self, doc: Mapping[str, Any], doc_id: str, revision: str) -> None:
        self.sequence += 1
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
                self._sorted = False  # many documents in any order: sorted once, when somebody asks
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
    """A sort key: the later revision has the greater one."""
    generation, _, digest = revision.partition("-")
    return int(generation), digest
