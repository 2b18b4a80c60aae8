"""The sender of a record: the contact with its phone number (cht-core `transitions/update_clinics.js`)."""

from __future__ import annotations

from fakes.cht.contacts.lineage import contact_with_lineage
from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Doc
from fakes.cht.messages.generator import Messages, add_error
from fakes.cht.messages.texts import locale_of, translate
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Change
from fakes.cht.transitions.lib.forms import form_of

NAME = "update_clinics"
NOT_FOUND = "sys.facility_not_found"


class UpdateClinics:
    """Sets the contact of records without one; answers a form from an unknown sender, unless the form is public."""

    def __init__(self, state: State, views: ContactViews, messages: Messages) -> None:
        self._state = state
        self._views = views
        self._messages = messages

    def filter(self, change: Change) -> bool:
        """A record without a contact."""
        return change.doc.get("type") == "data_record" and not change.doc.get("contact") and not change.has_run(NAME)

    def on_match(self, change: Change) -> bool:
        """Set the contact, or add an error that it is unknown."""
        doc = change.doc
        contact = self._contact(doc)
        if contact is not None:
            doc["contact"] = contact
            return True
        form = form_of(self._state.settings, doc)
        if doc.get("content_type") == "xml" or (form is not None and form.get("public_form")):
            return False
        if form is not None:
            self._messages.reject(doc, self._configured(doc), NOT_FOUND)
        else:
            add_error(doc, NOT_FOUND, translate(self._state, NOT_FOUND, locale_of(self._state.settings, doc)))
        return True

    def _contact(self, doc: Doc) -> Doc | None:
        with self._state.lock:
            if doc.get("refid"):
                doc_id = self._views.contact_by_reference(doc["refid"])
            else:
                doc_id = self._views.contact_by_phone(doc["from"]) if doc.get("from") else None
        found = None if doc_id is None else contact_with_lineage(doc_id, self._state)
        if found is None or not doc.get("refid") or found.get("type") == "person":
            return found
        person = (found.get("contact") or {}).get("_id")
        return contact_with_lineage(person, self._state) if person else {"parent": found}

    def _configured(self, doc: Doc) -> Doc:
        listed = self._state.settings.get(NAME)
        entries = listed if isinstance(listed, list) else []
        return next((one for one in entries if isinstance(one, dict) and one.get("form") == doc.get("form")), {})
