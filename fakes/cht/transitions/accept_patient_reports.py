"""Reports about a registrations_of patient or place: an answer, and reminders that are no longer needed are cleared.

Source: cht-core `transitions/accept_patient_reports.js`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Doc
from fakes.cht.javascript import moments
from fakes.cht.javascript.paths import UNDEFINED
from fakes.cht.messages.generator import Context, Messages
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Change
from fakes.cht.transitions.lib.forms import accepts, entry_for, registrations_about, subject_ids
from fakes.cht.transitions.lib.schedules import Schedules, save_changed
from fakes.cht.transitions.lib.validations import Validations
from fakes.cht.transitions.registration import is_relevant

NAME = "accept_patient_reports"
SETTING = "patient_reports"
DELIVERED = ("delivered", "sent")


class AcceptPatientReports:
    """Accepts reports that name a patient or a place."""

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
        return accepts(self._state.settings, SETTING, change, NAME)

    def on_match(self, change: Change) -> bool:
        """Check, answer, silence; a report about somebody unknown is answered so."""
        doc = change.doc
        configuration = entry_for(self._state.settings, SETTING, doc.get("form")) or {}
        if not self._validations.passes(doc, configuration, Context(doc.get("patient"))):
            return True
        if not doc.get("patient") and not doc.get("place"):
            self._messages.reject(doc, configuration, "registration_not_found")
            return True
        of_patient, of_place = (
            registrations_about(self._state, self._views, *subject_ids(doc.get(name))) for name in ("patient", "place")
        )
        self._add_messages(doc, configuration, Context(doc.get("patient"), doc.get("place"), of_patient, of_place))
        registrations = [*of_patient, *of_place]
        if registrations:
            doc["registration_id"] = self._latest(registrations)["_id"]
        self._schedules.silence(doc, configuration, registrations)
        self._note_answer(doc, configuration, registrations)
        return True

    def _add_messages(self, doc: Doc, configuration: Mapping[str, Any], context: Context) -> None:
        listed = configuration.get("messages")
        for message in listed if isinstance(listed, list) else ():
            if message.get("event_type") == "report_accepted" and is_relevant(message, doc):
                self._messages.add(doc, message, message.get("recipient"), context)

    def _latest(self, registrations: Sequence[Doc]) -> Doc:
        """The registration with the latest date; the first of several, and the first if it has no date."""
        latest = registrations[0]
        for one in registrations[1:]:
            if _is_before(self._moment(latest, "reported_date"), self._moment(one, "reported_date")):
                latest = one
        return latest

    def _note_answer(self, doc: Doc, configuration: Mapping[str, Any], registrations: Sequence[Doc]) -> None:
        """Warn with the reminder that the report answers that it was answered."""
        span = moments.offset(configuration.get("silence_for"))
        for registration in registrations:
            task = self._answered(doc, registration, span)
            if task is not None:
                task["responded_to_by"] = [*(task.get("responded_to_by") or ()), doc["_id"]]
                save_changed(self._state, registration)
                return

    def _answered(self, doc: Doc, registration: Doc, span: tuple[float, str] | None) -> Doc | None:
        """The latest reminder that went out before the report; None for a report that comes ahead of its time."""
        listed = registration.get("scheduled_tasks")
        tasks = sorted((one for one in listed or () if isinstance(one, dict)), key=_by_due)
        reported = self._moment(doc, "reported_date")
        if not tasks or _is_before(reported, self._moment(tasks[0], "due")):
            return None
        for place in reversed(range(len(tasks))):
            task, earlier = tasks[place], tasks[place - 1] if place else None
            due = self._moment(task, "due")
            silent = due if due is None or span is None else moments.add(due, span, -1)
            begins_group = earlier is not None and earlier.get("group") != task.get("group")
            if begins_group and task.get("state") == "cleared" and _is_before(silent, reported):
                return None
            if task.get("state") in DELIVERED and _is_before(due, reported):
                return task
        return None

    def _moment(self, source: Mapping[str, Any], key: str) -> datetime | None:
        """The moment under a key; now if there is none, None for one that cannot be read."""
        value = source.get(key, UNDEFINED)
        return self._state.now() if value is UNDEFINED else moments.read(value)


def _is_before(one: datetime | None, other: datetime | None) -> bool:
    """Whether a moment comes before another; false where one cannot be read."""
    return one is not None and other is not None and one < other


def _by_due(task: Doc) -> tuple[bool, str]:
    """A sort key by date, tasks without one last."""
    return task.get("due") is None, str(task.get("due"))
