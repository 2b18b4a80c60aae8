"""Reports by what one of their fields says, whatever its case.

Stands for the index `reports_by_freetext` (cht-core `ddocs/medic-db/medic/nouveau/reports_by_freetext`): it holds texts
and numbers of a report and of its fields, but none whose name ends in `_date`.
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
    """A search that the database refuses."""


class Freetext:
    """Built at the first search, for few settings ask for one; kept up to date from then on.

    Guarded by the lock of the state.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._of: Documents | None = None
        self._docs: dict[str, dict[str, None]] = {}
        self._keys: dict[str, tuple[str, ...]] = {}

    def reports(self, wanted: str) -> list[str]:
        """The reports that have a field and value such as `name:ada`. Raises SearchError."""
        wanted = wanted.strip().lower()
        if len(wanted) < SHORTEST or '"' in wanted or len(wanted) - len(wanted.rstrip("\\")) & 1:
            raise SearchError(wanted)
        if self._of is not self._state.docs:
            self._build(self._state.docs)
        return sorted(self._docs.get(ESCAPED.sub(r"\1", wanted), ()))

    def _build(self, documents: Documents) -> None:
        self._of, self._docs, self._keys = documents, {}, {}
        for doc in documents.all_docs():
            self._learn(doc["_id"], doc)

        def changed(doc_id: str, after: Doc | None) -> None:
            if self._of is documents:
                self._learn(doc_id, after)

        documents.listen(changed)

    def _learn(self, doc_id: str, doc: Doc | None) -> None:
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
