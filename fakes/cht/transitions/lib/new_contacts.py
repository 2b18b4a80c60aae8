"""Contacts created by a registration: triggers `add_patient` and `add_place` (cht-core `transitions/registration.js`).

A patient whose provided id is missing or taken is still created, without a short id, as by the real server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.cht.contacts.contact_types import BUILT_IN, PERSON, is_place, may_be_parent
from fakes.cht.contacts.lineage import minified
from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Doc, copy_json
from fakes.cht.javascript import js
from fakes.cht.messages.generator import NO_CONTEXT, Context, Messages
from fakes.cht.messages.phone_number import normalize
from fakes.cht.state import State
from fakes.cht.transitions.lib.forms import form_of
from fakes.cht.transitions.lib.ids import free_id

Configuration = Mapping[str, Any]


class NewContacts:
    """Creates contacts and saves them at once; the record gets their short ids."""

    def __init__(self, state: State, views: ContactViews, messages: Messages) -> None:
        self._state = state
        self._views = views
        self._messages = messages

    def add_patient(self, doc: Doc, configuration: Configuration, parameters: Any) -> None:
        """Create a person, unless the record already has a `patient_id`."""
        if js.truthy(doc.get("patient_id")):
            return
        named = parameters if isinstance(parameters, dict) else {}
        self._set_patient_id(doc, configuration, named.get("patient_id_field"))
        kind = named.get("contact_type")
        about = {"type": "contact", "contact_type": kind} if js.truthy(kind) else {"type": PERSON}
        self._add(doc, configuration, parameters, "patient", about)

    def add_place(self, doc: Doc, configuration: Configuration, parameters: Any) -> None:
        """Create a place, unless the record already has a `place_id`."""
        if js.truthy(doc.get("place_id")):
            return
        doc["place_id"] = free_id(self._state, self._views)
        kind = parameters.get("contact_type") if isinstance(parameters, dict) else None
        about = {"type": kind} if kind in BUILT_IN else {"type": "contact", "contact_type": kind}
        self._add(doc, configuration, parameters, "place", about)

    def _set_patient_id(self, doc: Doc, configuration: Configuration, field: Any) -> None:
        """Set the id from a field of the record, if it is unused; without such a field set a new one."""
        if not js.truthy(field):
            doc["patient_id"] = free_id(self._state, self._views)
            return
        provided = _fields(doc).get(str(field))
        if not js.truthy(provided):
            self._messages.reject(doc, configuration, "no_provided_patient_id")
        elif self._contact(provided) is not None:
            self._messages.reject(doc, configuration, "provided_patient_id_not_unique")
        else:
            doc["patient_id"] = provided

    def _add(
        self, doc: Doc, configuration: Configuration, parameters: Any, role: str, about: Mapping[str, Any]
    ) -> None:
        code = doc.get(f"{role}_id")
        if self._contact(code) is not None:
            return
        parent = self._parent(doc, configuration, parameters if isinstance(parameters, dict) else {})
        if parent is None:
            return
        contact: Doc = {
            "name": _fields(doc).get(_name_field(parameters, role)), "reported_date": doc.get("reported_date"),
            f"{role}_id": code, "source_id": doc["_id"], **about,
        }  # fmt: skip
        contact = {key: value for key, value in contact.items() if value is not None}
        if not may_be_parent(self._state.settings, parent, contact):
            self._messages.reject(doc, configuration, "parent_invalid", Context(more={"parent": parent}))
            return
        if role == "patient" and not self._describe(doc, configuration, contact):
            return
        doc[role] = {"parent": parent, **contact}
        contact["parent"] = minified(parent)
        creator = (doc.get("contact") or {}).get("_id")
        contact |= {"created_by": creator} if creator is not None else {}
        self._state.save({"_id": self._state.new_id(), **contact})

    def _describe(self, doc: Doc, configuration: Configuration, patient: Doc) -> bool:
        """Add the date of birth and the phone number of a patient. Returns false for an invalid number."""
        if js.truthy(doc.get("birth_date")):
            patient["date_of_birth"] = doc["birth_date"]
        phone = _fields(doc).get(_phone_field(form_of(self._state.settings, doc)))
        if not js.truthy(phone):
            return True
        if normalize(self._state.settings, phone) is False:
            self._messages.reject(doc, configuration, "provided_phone_not_valid", NO_CONTEXT)
            return False
        patient["phone"] = phone
        return True

    def _parent(self, doc: Doc, configuration: Configuration, parameters: Mapping[str, Any]) -> Doc | None:
        """The parent of the new contact: the sender's place, or the place with the id in the field `parent_id`."""
        field = parameters.get("parent_id")
        if not js.truthy(field):
            found = (doc.get("contact") or {}).get("parent")
            found = copy_json(found) if js.truthy(found) else self._parent_of_sender(doc)
        elif not js.truthy(_fields(doc).get(str(field))):
            self._messages.reject(doc, configuration, "parent_field_not_provided")
            return None
        else:
            found = self._contact(_fields(doc)[str(field)])
        if found is None:
            self._messages.reject(doc, configuration, "parent_not_found")
        return found if isinstance(found, dict) else None

    def _parent_of_sender(self, doc: Doc) -> Doc | None:
        """The sender's place; sets the contact of a record without one."""
        with self._state.lock:
            doc_id = self._views.contact_by_phone(doc["from"]) if doc.get("from") else None
            contact = None if doc_id is None else self._state.docs.get(doc_id)
            if contact is None:
                return None
            doc["contact"] = contact
            parent = (contact.get("parent") or {}).get("_id")
            found = self._state.docs.get(parent) if parent else None
        return found if found is not None and is_place(self._state.settings, found) else None

    def _contact(self, code: Any) -> Doc | None:
        with self._state.lock:
            doc_id = self._views.contact_by_shortcode(code) if js.truthy(code) else None
            return None if doc_id is None else self._state.docs.get(doc_id)


def _fields(doc: Doc) -> Mapping[str, Any]:
    fields = doc.get("fields")
    return fields if isinstance(fields, dict) else {}


def _name_field(parameters: Any, role: str) -> str:
    """The field with the name: the first parameter of a list, a named parameter, or `patient_name`/`place_name`."""
    if isinstance(parameters, list) and parameters and parameters[0]:
        return str(parameters[0])
    named = parameters.get(f"{role}_name_field") if isinstance(parameters, dict) else None
    return str(named or f"{role}_name")


def _phone_field(form: Mapping[str, Any] | None) -> str:
    """The first field for phone numbers; empty if there is none."""
    fields = form.get("fields") if form is not None else None
    entries = fields.items() if isinstance(fields, dict) else ()
    return next((key for key, one in entries if isinstance(one, dict) and one.get("type") == "phone_number"), "")
