"""The name of the sender of a text (cht-core `transitions/update_sent_by.js`)."""

from __future__ import annotations

from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.javascript import js
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Change

NAME = "update_sent_by"


class UpdateSentBy:
    """Writes the name of the contact with the sender's number into `sent_by`."""

    def __init__(self, state: State, views: ContactViews) -> None:
        self._state = state
        self._views = views

    def filter(self, change: Change) -> bool:
        """A text without a name."""
        doc = change.doc
        return bool(
            doc.get("from") and doc.get("type") == "data_record" and "sent_by" not in doc and not change.has_run(NAME)
        )

    def on_match(self, change: Change) -> bool:
        """Write the name, if somebody has that number and a name."""
        sender = change.doc["from"]
        with self._state.lock:
            doc_id = self._views.contact_by_phone(sender) if isinstance(sender, str) else None
            contact = None if doc_id is None else self._state.docs.get(doc_id)
        name = (contact or {}).get("name")
        if js.truthy(name):
            change.doc["sent_by"] = name
        return js.truthy(name)
