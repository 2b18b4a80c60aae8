"""The name of a text's sender (cht-core `transitions/update_sent_by.js`)."""

from __future__ import annotations

from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.javascript import js
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Change

NAME = "update_sent_by"


class UpdateSentBy:
    """Sets `sent_by` to the name of the contact with the sender's number."""

    def __init__(self, state: State, views: ContactViews) -> None:
        self._state = state
        self._views = views

    def filter(self, change: Change) -> bool:
        """A record with a sender but without `sent_by`."""
        doc = change.doc
        return bool(
            doc.get("from") and doc.get("type") == "data_record" and "sent_by" not in doc and not change.has_run(NAME)
        )

    def on_match(self, change: Change) -> bool:
        """Set the name, if a contact has that number and a name."""
        sender = change.doc["from"]
        with self._state.lock:
            doc_id = self._views.contact_by_phone(sender) if isinstance(sender, str) else None
            contact = None if doc_id is None else self._state.docs.get(doc_id)
        name = (contact or {}).get("name")
        if js.truthy(name):
            change.doc["sent_by"] = name
        return js.truthy(name)
