"""Reports by the value of one of their fields, case-insensitive.

Stands for the index `reports_by_freetext` (cht-core `ddocs/medic-db/medic/nouveau/reports_by_freetext`): it contains
the strings and numbers of a report and of its fields, except names that end in `_date`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fakes.cht.couch.documents import Doc, Documents
from fakes.cht.javascript import values as jv
from fakes.cht.state import State

LEFT_OUT = ("_id", "_rev", "type", "refid", "content")
SHORTEST = 3
LONGEST = 1000
ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class SearchError(ValueError):
    """A search that the database rejects."""


class Freetext:
    """The index. Built at the first search, because few settings need it, and updated from then on.

    The lock of the state guards it.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._source: Documents | None = None
        self._docs: dict[str, dict[str, None]] = {}
        self._keys: dict[str, tuple[str, ...]] = {}

    def reports(self, query: str) -> list[str]:
        """Ids of the reports with a field and value such as `name:ada`, sorted. Raises SearchError."""
        query = query.strip().lower()
        if len(query) < SHORTEST or '"' in query or len(query) - len(query.rstrip("\\")) & 1:
            raise SearchError(query)
        if self._source is not self._state.docs:
            self._build(self._state.docs)
        return sorted(self._docs.get(ESCAPED.sub(r"\1", query), ()))

    def _build(self, documents: Documents) -> None:
        self._source, self._docs, self._keys = documents, {}, {}
        for doc in documents.all_docs():
            self._update(doc["_id"], doc)

        def changed(doc_id: str, after: Doc | None) -> None:
            if self._source is documents:
                self._update(doc_id, after)

        documents.listen(changed)

    def _update(self, doc_id: str, doc: Doc | None) -> None:
        for key in self._keys.pop(doc_id, ()):
            del self._docs[key][doc_id]
        keys = tuple(dict.fromkeys(_keys_of(doc))) if doc is not None else ()
        if keys:
            self._keys[doc_id] = keys
        for key in keys:
            self._docs.setdefault(key, {})[doc_id] = None


def _keys_of(doc: Doc) -> Iterator[str]:
    if doc.get("type") != "data_record" or not doc.get("form"):
        return
    fields = doc.get("fields")
    for source in (doc, fields if isinstance(fields, dict) else {}):
        for name, value in source.items():
            key = name.lower()
            if value and key and key not in LEFT_OUT and not key.endswith("_date"):
                yield from _key(key, value)
    contact = doc.get("contact")
    if isinstance(contact, dict) and isinstance(contact.get("_id"), str):
        yield from _key("contact", contact["_id"])


def _key(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return
    key = f"{name}:{value.lower() if isinstance(value, str) else jv.text(value)}"
    if SHORTEST <= len(key) <= LONGEST:
        yield key
