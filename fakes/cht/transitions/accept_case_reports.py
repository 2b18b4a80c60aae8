"""Reports about a registrations_of case: an answer, and reminders that are no longer needed are cleared.

Source: cht-core `transitions/accept_case_reports.js`.
"""

from __future__ import annotations

from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.messages.generator import Context, Messages
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Change
from fakes.cht.transitions.lib.forms import accepts, entry_for, registrations_about
from fakes.cht.transitions.lib.schedules import Schedules
from fakes.cht.transitions.lib.validations import Validations
from fakes.cht.transitions.registration import is_relevant

NAME = "accept_case_reports"


class AcceptCaseReports:
    """Accepts reports that name a case by `case_id`."""

    def __init__(
        self, state: State, views: ContactViews, messages: Messages, schedules: Schedules, validations: Validations
    ) -> None:
        self._state = state
        self._views = views
        self._messages = messages
        self._schedules = schedules
        self._validations = validations

    def filter(self, change: Change) -> bool:
        """A record of a configured form, of somebody known or of a public form."""
        return accepts(self._state.settings, NAME, change, NAME)

    def on_match(self, change: Change) -> bool:
        """Answer and silence.

        An accepted report does not count as changed, as in the real one: its messages are kept only if another
        transition (usually `update_clinics`) changed the record too.
        """
        doc = change.doc
        configuration = entry_for(self._state.settings, NAME, doc.get("form")) or {}
        if not self._validations.passes(doc, configuration):
            return True
        fields = doc.setdefault("fields", {})
        registrations = registrations_about(self._state, self._views, doc.get("case_id") or fields.get("case_id"))
        if not registrations:
            self._messages.reject(doc, configuration, "registration_not_found")
            return True
        context = Context(doc.get("patient"), doc.get("place"), registrations)
        for message in configuration.get("messages") or ():
            if message.get("event_type") == "report_accepted" and is_relevant(message, doc):
                self._messages.add(doc, message, message.get("recipient"), context)
        place = (registrations[0].get("fields") or {}).get("place_uuid")
        if place:
            fields["place_uuid"] = place
        self._schedules.silence(doc, configuration, registrations)
        return False
