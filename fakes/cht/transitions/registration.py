"""Registering somebody by SMS: ids, dates, schedules, answers (cht-core `transitions/registration.js`).

Known triggers: `assign_schedule`, `clear_schedule`, `add_case`, `add_expected_date`. Creating patients and places, and
validations, are noted as missing where settings ask for them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from fakes.cht.dates import iso
from fakes.cht.documents import Doc
from fakes.cht.javascript import ScriptError, holds
from fakes.cht.state import State
from fakes.cht.subjects import Subjects
from fakes.cht.transitions import moments
from fakes.cht.transitions.change import Change, Note
from fakes.cht.transitions.forms import is_valid_submission, registration_for, registrations_about
from fakes.cht.transitions.ids import free_id
from fakes.cht.transitions.messages import Context, Messages
from fakes.cht.transitions.schedules import Schedules, next_times

NAME = "registration"
LMP_DATES = ("lmp_date", "date_lmp")
LMP_WEEKS = ("weeks_since_lmp", "last_menstrual_period", "lmp")
PREGNANCY = (40.0, "week")
Trigger = Callable[[Doc, Any], None]


class Registration:
    """Runs the configured triggers of a form, then adds its messages."""

    def __init__(self, state: State, subjects: Subjects, messages: Messages, schedules: Schedules, note: Note) -> None:
        self._state = state
        self._subjects = subjects
        self._messages = messages
        self._schedules = schedules
        self._note = note
        self._triggers: Mapping[str, Trigger] = {
            "assign_schedule": self._assign_schedules,
            "clear_schedule": self._clear_schedules,
            "add_case": self._add_case,
            "add_expected_date": self._add_expected_date,
        }

    def wants(self, change: Change) -> bool:
        """A record of a form with a registration, of somebody known or of a public form."""
        doc, settings = change.doc, self._state.settings
        return (
            doc.get("type") == "data_record"
            and registration_for(settings, doc.get("form")) is not None
            and not change.has_run(NAME)
            and is_valid_submission(settings, doc)
        )

    def run(self, change: Change) -> bool:
        """Register; a record about somebody unknown is answered so."""
        doc = change.doc
        configuration = registration_for(self._state.settings, doc.get("form")) or {}
        note_validations(configuration, self._note)
        fields = doc.get("fields") or {}
        if any(fields.get(f"{one}_id") and not doc.get(one) for one in ("patient", "place")):
            self._messages.reject(doc, configuration, "registration_not_found")
            return True
        view = {**fields, **doc}
        wanted = [event for event in configuration.get("events") or () if self._is_wanted(view, event)]
        for event in wanted:  # all conditions are asked before the first trigger changes the record
            self._triggers[str(event["trigger"])](doc, _parameters(event.get("params")))
        self._add_messages(doc, configuration)
        return True

    def _is_wanted(self, view: Doc, event: Mapping[str, Any]) -> bool:
        """Whether the trigger of an event is known, and to be pulled for a record and its fields."""
        name = str(event.get("trigger"))
        if event.get("name") != "on_create" or not self._applies(view, event):
            return False
        if name not in self._triggers:
            self._note(f"registration {view.get('form')!r}: this fake has no trigger {name!r}")
        return name in self._triggers

    def _applies(self, doc: Doc, entry: Mapping[str, Any]) -> bool:
        expression = entry.get("bool_expr")
        if not isinstance(expression, str) or not expression.strip():
            return True
        try:
            return holds(expression, {"doc": doc})
        except ScriptError:
            return False

    def _context(self, doc: Doc) -> Context:
        fields = doc.get("fields") or {}
        patients, places = (
            registrations_about(self._state, self._subjects, fields.get(name)) for name in ("patient_id", "place_id")
        )
        return Context(doc.get("patient"), doc.get("place"), patients, places)

    def _assign_schedules(self, doc: Doc, names: Any) -> None:
        context = self._context(doc)
        for name in names if isinstance(names, list) else ():
            self._schedules.assign(doc, name, context)

    def _clear_schedules(self, doc: Doc, names: Any) -> None:
        fields = doc.get("fields") or {}
        ids = [
            (doc.get(one) or {}).get(key) for one in ("patient", "place") for key in ("_id", "patient_id", "place_id")
        ]
        ids.append(doc.get("case_id") or fields.get("case_id"))
        found = registrations_about(self._state, self._subjects, *ids)
        self._schedules.silence(doc, {"silence_type": ",".join(names) if isinstance(names, list) else ""}, found)

    def _add_case(self, doc: Doc, _parameters: Any) -> None:
        if not doc.get("case_id"):
            doc["case_id"] = free_id(self._state, self._subjects)
        place = ((doc.get("contact") or {}).get("parent") or {}).get("_id")
        if place:
            doc.setdefault("fields", {})["place_uuid"] = place

    def _add_expected_date(self, doc: Doc, _parameters: Any) -> None:
        start = _pregnant_since(doc)
        doc["lmp_date"] = None if start is None else iso(start)
        doc["expected_date"] = None if start is None else iso(moments.add(start, PREGNANCY))

    def _add_messages(self, doc: Doc, configuration: Mapping[str, Any]) -> None:
        context = self._context(doc)
        more = {"next_msg": next_times(doc, self._state.now())}
        context = Context(context.patient, context.place, context.registrations, context.place_registrations, more)
        for message in configuration.get("messages") or ():
            if (message.get("event_type") or "report_accepted") == "report_accepted" and is_relevant(message, doc):
                self._messages.add(doc, message, message.get("recipient"), context)


def is_relevant(message: Mapping[str, Any], doc: Doc) -> bool:
    """Whether the condition of a message holds; one without is always sent. Raises ScriptError."""
    expression = message.get("bool_expr")
    return not isinstance(expression, str) or not expression.strip() or holds(expression, {"doc": doc})


def note_validations(configuration: Mapping[str, Any], note: Note) -> None:
    """Say so where settings ask for validations: this fake accepts every value."""
    validations = configuration.get("validations")
    if isinstance(validations, Mapping) and validations.get("list"):
        note(f"form {configuration.get('form')!r} has validations, which this fake does not check")


def _parameters(given: Any) -> Any:
    """Parameters of a trigger: an object or list as it is or as JSON, else names with commas between."""
    if not given:
        return {}
    if not isinstance(given, str):
        return given
    if given.strip()[:1] in ("[", "{"):
        return json.loads(given)
    return given.split(",")


def _pregnant_since(doc: Doc) -> datetime | None:
    fields = doc.get("fields") or {}
    date = next((fields[name] for name in LMP_DATES if fields.get(name)), None)
    if date is not None:
        return moments.read(date)
    weeks = next((fields[name] for name in LMP_WEEKS if isinstance(fields.get(name), (int, float))), None)
    reported = moments.read(doc.get("reported_date"))
    if not weeks or reported is None:
        return None
    midnight = datetime(reported.year, reported.month, reported.day, tzinfo=UTC)
    return moments.add(midnight, (float(weeks), "week"), -1)
