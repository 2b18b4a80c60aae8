"""Reports about the senders themselves: the sender is the patient (cht-core `transitions/self_report.js`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.cht.contacts.lineage import contact_with_lineage
from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Doc
from fakes.cht.javascript import values as jv
from fakes.cht.messages.generator import Messages
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Change
from fakes.cht.transitions.lib.forms import entry_for

NAME = "self_report"


class SelfReport:
    """Sets the sender as the patient of reports of the configured forms."""

    def __init__(self, state: State, views: ContactViews, messages: Messages) -> None:
        self._state = state
        self._views = views
        self._messages = messages

    def filter(self, change: Change) -> bool:
        """A report of a configured form without a patient."""
        doc = change.doc
        fields = doc.get("fields") or {}
        return bool(
            doc.get("from")
            and doc.get("type") == "data_record"
            and self._configured(doc) is not None
            and not (fields.get("patient_id") or fields.get("patient_uuid"))
            and not change.has_run(NAME)
        )

    def on_match(self, change: Change) -> bool:
        """Set the patient and answer, or answer that the sender is unknown."""
        doc = change.doc
        configuration = self._configured(doc) or {}
        with self._state.lock:
            doc_id = self._views.contact_by_phone(jv.text(doc["from"]))
        patient = None if doc_id is None else contact_with_lineage(doc_id, self._state)
        if patient is None:
            self._messages.reject(doc, configuration, "sender_not_found")
            return True
        doc["patient"] = patient
        fields = doc.setdefault("fields", {})
        fields.pop("patient_id", None)
        fields["patient_uuid"] = patient["_id"]
        if "patient_id" in patient:
            fields["patient_id"] = patient["patient_id"]
        message = next((one for one in _messages(configuration) if one.get("event_type") == "report_accepted"), None)
        if message is not None:
            self._messages.add(doc, message, message.get("recipient"))
        return True

    def _configured(self, doc: Doc) -> Mapping[str, Any] | None:
        return entry_for(self._state.settings, NAME, doc.get("form")) if doc.get("form") else None


def _messages(configuration: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = configuration.get("messages")
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
