"""Accept reports about a registered patient or place: answer them, and clear reminders that are no longer needed.

Source: cht-core `transitions/accept_patient_reports.js`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fakes.cht.couch.documents import Doc
from fakes.cht.javascript import moments
from fakes.cht.javascript.paths import UNDEFINED
from fakes.cht.messages.generator import Context
from fakes.cht.transitions.lib.accept_reports import AcceptReports
from fakes.cht.transitions.lib.forms import registrations_about, subject_ids
from fakes.cht.transitions.lib.schedules import save_changed

DELIVERED = ("delivered", "sent")


class AcceptPatientReports(AcceptReports):
    """Accepts reports that name a patient or a place."""

    name = "accept_patient_reports"
    setting = "patient_reports"

    def _validation_context(self, doc: Doc) -> Context:
        return Context(doc.get("patient"))

    def _accept(self, doc: Doc, configuration: Mapping[str, Any]) -> bool:
        if not doc.get("patient") and not doc.get("place"):
            return self._reject_unregistered(doc, configuration)
        of_patient, of_place = (
            registrations_about(self._state, self._views, *subject_ids(doc.get(name))) for name in ("patient", "place")
        )
        listed = configuration.get("messages")
        context = Context(doc.get("patient"), doc.get("place"), of_patient, of_place)
        self._add_messages(doc, listed if isinstance(listed, list) else (), context)
        registrations = [*of_patient, *of_place]
        if registrations:
            doc["registration_id"] = self._latest(registrations)["_id"]
        self._schedules.silence(doc, configuration, registrations)
        self._mark_answered_reminder(doc, configuration, registrations)
        return True

    def _latest(self, registrations: Sequence[Doc]) -> Doc:
        """The registration with the latest date, the first of equals; the first of all if that has no date."""
        latest = registrations[0]
        for one in registrations[1:]:
            if _is_before(self._moment(latest, "reported_date"), self._moment(one, "reported_date")):
                latest = one
        return latest

    def _mark_answered_reminder(self, doc: Doc, configuration: Mapping[str, Any], registrations: Sequence[Doc]) -> None:
        """Store the id of the report in the reminder that it answers."""
        span = moments.offset(configuration.get("silence_for"))
        for registration in registrations:
            task = self._answered_reminder(doc, registration, span)
            if task is not None:
                task["responded_to_by"] = [*(task.get("responded_to_by") or ()), doc["_id"]]
                save_changed(self._state, registration)
                return

    def _answered_reminder(self, doc: Doc, registration: Doc, span: tuple[float, str] | None) -> Doc | None:
        """The latest reminder that was sent before the report; None for a report before the first reminder is due."""
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
        """The time in a member; now if it is missing, None if it is invalid."""
        value = source.get(key, UNDEFINED)
        return self._state.now() if value is UNDEFINED else moments.read(value)


def _is_before(one: datetime | None, other: datetime | None) -> bool:
    """Whether a time is before another; false if one of them is invalid."""
    return one is not None and other is not None and one < other


def _by_due(task: Doc) -> tuple[bool, str]:
    """A sort key by date; tasks without a date come last."""
    return task.get("due") is None, str(task.get("due"))
