"""Views of contacts and their reports: contacts by phone number or short id, reports by subject.

Stands for the views `contacts_by_phone`, `contacts_by_reference`, `contacts_by_depth`, `reports_by_subject`,
`reports_by_form_and_parent`, `registered_patients` and `docs_by_shortcode` (cht-core `ddocs/medic-db`). The keys
of short ids are strings there: a number never matches.
`changed` updates them; the lock of the state guards them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fakes.cht.couch.documents import Doc
from fakes.cht.couch.message_views import json_key
from fakes.cht.javascript.values import text

CONTACTS = ("contact", "district_hospital", "health_center", "clinic", "person")
IN_RECORD = ("patient_id", "place_id", "case_id")
IN_FIELDS = (*IN_RECORD, "patient_uuid", "place_uuid")
Key = tuple[str, Any]


class ContactViews:
    """Ids of documents by phone number, by short id, by subject."""

    def __init__(self) -> None:
        self._docs: dict[Key, dict[str, None]] = {}
        self._keys: dict[str, tuple[Key, ...]] = {}

    def changed(self, doc: Doc) -> None:
        """Update the views for a document that was saved or deleted."""
        doc_id = doc["_id"]
        for key in self._keys.pop(doc_id, ()):
            holders = self._docs[key]
            del holders[doc_id]
            if not holders:
                del self._docs[key]
        keys = tuple(dict.fromkeys(_keys_of(doc)))
        if keys:
            self._keys[doc_id] = keys
        for key in keys:
            self._docs.setdefault(key, {})[doc_id] = None

    def clear(self) -> None:
        """Remove everything."""
        self._docs.clear()
        self._keys.clear()

    def contact_by_phone(self, phone: Any) -> str | None:
        """The contact with that phone number; the first by id if there are several."""
        return self._first("phone", phone)

    def has_phones(self) -> bool:
        """Whether any contact has a phone number."""
        return any(kind == "phone" for kind, _ in self._docs)

    def contact_by_shortcode(self, code: Any) -> str | None:
        """The contact with that short id, which must be a string."""
        return self._first("code", code) if isinstance(code, str) else None

    def contact_by_reference(self, reference: Any) -> str | None:
        """The contact with that external reference, case-insensitive."""
        return self._first("reference", str(reference).upper())

    def descendants(self, contact_id: str) -> list[str]:
        """The ids of a contact and of all contacts below it, sorted."""
        return sorted(self._docs.get(("above", contact_id), ()))

    def reports_by_subject(self, subject: Any) -> list[str]:
        """Ids of the reports about a patient, place or case, sorted. A number and a string are two subjects."""
        return sorted(self._docs.get(("subject", json_key(subject)), ()))

    def reports_by_form_and_parent(self, form: Any, place_id: Any) -> list[str]:
        """Ids of the reports of a form from a place, sorted."""
        return sorted(self._docs.get(("form", (json_key(form), json_key(place_id))), ()))

    def registered_patients(self, code: Any) -> list[str]:
        """Ids of the reports without errors about a patient or place with that short id, sorted. A number has none."""
        return sorted(self._docs.get(("registered", code), ())) if isinstance(code, str) else []

    def is_free(self, code: str) -> bool:
        """Whether no contact and no report uses that short id."""
        return not any(key in self._docs for key in (("code", code), ("subject", json_key(code))))

    def _first(self, kind: str, value: Any) -> str | None:
        return min(self._docs.get((kind, str(value)), ()), default=None)


def _keys_of(doc: Doc) -> Iterator[Key]:
    if doc.get("type") == "data_record" and doc.get("form"):
        fields = doc.get("fields")
        fields = fields if isinstance(fields, dict) else {}
        for names, source in ((IN_RECORD, doc), (IN_FIELDS, fields)):
            yield from (("subject", json_key(source[name])) for name in names if source.get(name))
        contact = doc.get("contact")
        parent = contact.get("parent") if isinstance(contact, dict) else None
        if isinstance(parent, dict):
            yield "form", (json_key(doc["form"]), json_key(parent.get("_id")))
        if not doc.get("errors"):
            codes = (doc.get(name) or fields.get(name) for name in ("patient_id", "place_id"))
            yield from (("registered", text(code)) for code in codes if code)
    elif doc.get("type") in CONTACTS:
        if doc.get("phone"):
            yield "phone", str(doc["phone"])
        yield from (("code", str(doc[name])) for name in ("patient_id", "place_id") if doc.get(name))
        if doc.get("rc_code"):
            yield "reference", str(doc["rc_code"]).upper()
        yield from (("above", doc_id) for doc_id in _lineage(doc))


def _lineage(doc: Doc) -> Iterator[str]:
    """The ids of a contact and of its ancestors."""
    at: Any = doc
    while isinstance(at, dict):
        if isinstance(at.get("_id"), str):
            yield at["_id"]
        at = at.get("parent")
