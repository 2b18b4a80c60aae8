"""Hydrate documents with their contacts, patients and places, and minify them again.

Source: cht-core `shared-libs/lineage/src/{hydration,minify}.js`.
"""

from __future__ import annotations

from typing import Any

from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Doc
from fakes.cht.state import State

DEEPEST = 50
REMOVED = object()
"""Stands for a missing value, which JSON omits."""
CONTACT_TYPES = ("contact", "district_hospital", "health_center", "clinic", "person", "national_office")


def hydrate(doc: Doc, state: State, views: ContactViews) -> None:
    """Replace ids in `doc` by documents: its contact with all parents, its patient and place with theirs."""
    with state.lock:
        if doc.get("type") == "data_record":
            doc_id = _id_of(doc.get("contact"))
            if doc_id:
                doc["contact"] = _with_parents(doc_id, doc["contact"], state)
            for name, code in (("patient", _patient_id(doc)), ("place", _place_id(doc))):
                found = _subject(code, state, views)
                if found is not None:
                    doc[name] = found
        elif doc.get("type") in CONTACT_TYPES:
            _fill_parents(doc, state)


def minify(doc: Doc) -> None:
    """Reduce everything that `hydrate` filled in to ids."""
    if isinstance(doc.get("parent"), dict):
        doc["parent"] = minified(doc["parent"])
    contact = doc.get("contact")
    if isinstance(contact, dict) and contact.get("_id"):
        parent = contact.get("parent")
        doc["contact"] = {"_id": contact["_id"], **({"parent": minified(parent)} if parent else {})}
    if doc.get("type") == "data_record":
        doc.pop("patient", None)
        doc.pop("place", None)
    linked = {tag: _minified_link(value) for tag, value in _linked_docs(doc).items()}
    if linked:
        doc["linked_docs"] = {tag: value for tag, value in linked.items() if value is not REMOVED}


def minified(parent: Any) -> Any:
    """A contact with its parents as ids only."""
    if not isinstance(parent, dict) or not parent.get("_id"):
        return parent
    chain: list[str] = []
    while isinstance(parent, dict) and parent.get("_id") and len(chain) < DEEPEST:
        chain.append(parent["_id"])
        parent = parent.get("parent")
    found: Any = None
    for doc_id in reversed(chain):
        found = {"_id": doc_id, **({"parent": found} if found is not None else {})}
    return found


def contact_with_lineage(doc_id: str, state: State) -> Doc | None:
    """A contact with its parents filled in, or None."""
    with state.lock:
        found = state.docs.get(doc_id)
        return None if found is None else _with_parents(doc_id, found, state)


def _with_parents(doc_id: str, default: Any, state: State) -> Any:
    """The document with its parents; `default` with its parents if there is no such document."""
    found = state.docs.get(doc_id) or default
    if isinstance(found, dict):
        _fill_parents(found, state)
    return found


def _fill_parents(doc: Doc, state: State) -> None:
    at = doc
    for _ in range(DEEPEST):
        _fill_contact(at, state)
        parent_id = _id_of(at.get("parent"))
        parent = state.docs.get(parent_id) if parent_id else None
        if parent is None:
            return
        if not parent.get("parent") and isinstance(at["parent"], dict) and at["parent"].get("parent"):
            parent["parent"] = at["parent"]["parent"]
        at["parent"] = parent
        at = parent


def _fill_contact(place: Doc, state: State) -> None:
    """Fill in the contact of a place, and the documents that a person or place is linked to."""
    doc_id = _id_of(place.get("contact"))
    found = state.docs.get(doc_id) if doc_id else None
    if found is not None:
        place["contact"] = found
    linked = _linked_docs(place)
    for tag, value in linked.items():
        linked_id = _id_of(value)
        document = state.docs.get(linked_id) if linked_id else None
        if document is not None:
            linked[tag] = document


def _linked_docs(doc: Doc) -> dict[str, Any]:
    """The `linked_docs` of a contact, by tag: an id, an object with an `_id`, or a document that was filled in."""
    linked = doc.get("linked_docs") if doc.get("type") in CONTACT_TYPES else None
    return linked if isinstance(linked, dict) else {}


def _minified_link(value: Any) -> Any:
    """The id of a linked document; REMOVED without one."""
    return value.get("_id", REMOVED) if isinstance(value, dict) else value


def _subject(code: Any, state: State, views: ContactViews) -> Doc | None:
    """The document with a short id or id, which must be a string."""
    if not code or not isinstance(code, str):
        return None
    return contact_with_lineage(views.contact_by_shortcode(code) or code, state)


def _id_of(value: Any) -> str | None:
    found = value.get("_id") if isinstance(value, dict) else value
    return found if isinstance(found, str) and found else None


def _fields(doc: Doc) -> dict[str, Any]:
    fields = doc.get("fields")
    return fields if isinstance(fields, dict) else {}


def _patient_id(doc: Doc) -> Any:
    fields = _fields(doc)
    return fields.get("patient_id") or fields.get("patient_uuid") or doc.get("patient_id")


def _place_id(doc: Doc) -> Any:
    return _fields(doc).get("place_id") or doc.get("place_id")
