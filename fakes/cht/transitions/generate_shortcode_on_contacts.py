"""Generate short ids for contacts without one. Runs only in sentinel.

Source: cht-core `transitions/generate_shortcode_on_contacts.js`.
"""

from __future__ import annotations

from fakes.cht.contacts.contact_types import is_person_type, type_of
from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Doc
from fakes.cht.javascript import js
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Change
from fakes.cht.transitions.lib.ids import free_id


class GenerateShortcodeOnContacts:
    """Gives persons a `patient_id` and places a `place_id`."""

    def __init__(self, state: State, views: ContactViews) -> None:
        self._state = state
        self._views = views

    def filter(self, change: Change) -> bool:
        """A contact of a configured type without a short id."""
        name = self._name(change.doc)
        return name is not None and not js.truthy(change.doc.get(name))

    def on_match(self, change: Change) -> bool:
        """Add a short id."""
        name = self._name(change.doc)
        if name is not None:
            change.doc[name] = free_id(self._state, self._views)
        return name is not None

    def _name(self, doc: Doc) -> str | None:
        found = type_of(self._state.settings, doc)
        if found is None:
            return None
        return "patient_id" if is_person_type(found) else "place_id"
