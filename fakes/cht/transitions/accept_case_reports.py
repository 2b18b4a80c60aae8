"""Accept reports about a registered case: answer them, and clear reminders that are no longer needed.

Source: cht-core `transitions/accept_case_reports.js`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.cht.couch.documents import Doc
from fakes.cht.messages.generator import NO_CONTEXT, Context
from fakes.cht.transitions.lib.accept_reports import AcceptReports
from fakes.cht.transitions.lib.forms import registrations_about


class AcceptCaseReports(AcceptReports):
    """Accepts reports that name a case by `case_id`."""

    name = setting = "accept_case_reports"

    def _validation_context(self, _doc: Doc) -> Context:
        return NO_CONTEXT

    def _accept(self, doc: Doc, configuration: Mapping[str, Any]) -> bool:
        """An accepted report does not count as changed, as in the real CHT: its messages are kept only if another
        transition (usually `update_clinics`) changed the document too.
        """
        fields = doc.setdefault("fields", {})
        registrations = registrations_about(self._state, self._views, doc.get("case_id") or fields.get("case_id"))
        if not registrations:
            return self._reject_unregistered(doc, configuration)
        context = Context(doc.get("patient"), doc.get("place"), registrations)
        self._add_messages(doc, configuration.get("messages") or (), context)
        place = (registrations[0].get("fields") or {}).get("place_uuid")
        if place:
            fields["place_uuid"] = place
        self._schedules.silence(doc, configuration, registrations)
        return False
