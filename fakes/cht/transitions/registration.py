"""Registrations by SMS: ids, dates, schedules, answers (cht-core `transitions/registration.js`).

Triggers: `add_patient` (`add_patient_id`), `add_place`, `add_case`, `add_expected_date`, `add_birth_date`,
`assign_schedule`, `clear_schedule`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fakes.cht.contacts.contact_types import is_person, is_place
from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Doc
from fakes.cht.javascript import moments
from fakes.cht.javascript.dates import iso
from fakes.cht.javascript.inherited import call_unbound, inherited
from fakes.cht.javascript.sandbox import ScriptError
from fakes.cht.messages.generator import Context, Messages
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Change, Warn
from fakes.cht.transitions.lib.conditions import condition_holds
from fakes.cht.transitions.lib.forms import (
    is_valid_submission,
    registration_for,
    registrations_about,
    registrations_of,
    subject_ids,
)
from fakes.cht.transitions.lib.ids import free_id
from fakes.cht.transitions.lib.loading import trigger_parameters
from fakes.cht.transitions.lib.new_contacts import NewContacts
from fakes.cht.transitions.lib.registration_dates import PREGNANCY, birth_date, lmp_date
from fakes.cht.transitions.lib.schedules import Schedules, next_times
from fakes.cht.transitions.lib.validations import Validations

NAME = "registration"
Trigger = Callable[[Doc, Mapping[str, Any], Any], None]
"""Called with the record, the registration of its form and the parameters of the event."""


class Registration:
    """Runs the configured triggers of a form, then adds its messages."""

    def __init__(
        self,
        state: State,
        views: ContactViews,
        messages: Messages,
        schedules: Schedules,
        validations: Validations,
        warn: Warn,
    ) -> None:
        self._state = state
        self._views = views
        self._messages = messages
        self._schedules = schedules
        self._validations = validations
        self._warn = warn
        contacts = NewContacts(state, views, messages)
        self._triggers: Mapping[str, Trigger] = {
            "assign_schedule": self._assign_schedules,
            "clear_schedule": self._clear_schedules,
            "add_case": self._add_case,
            "add_expected_date": self._add_expected_date,
            "add_birth_date": self._add_birth_date,
            "add_patient": contacts.add_patient,
            "add_patient_id": contacts.add_patient,
            "add_place": contacts.add_place,
        }

    @property
    def triggers(self) -> tuple[str, ...]:
        """The names of the supported triggers."""
        return tuple(self._triggers)

    def filter(self, change: Change) -> bool:
        """A report of a form with a registration, from a known sender or of a public form."""
        doc, settings = change.doc, self._state.settings
        return (
            doc.get("type") == "data_record"
            and registration_for(settings, doc.get("form")) is not None
            and not change.has_run(NAME)
            and is_valid_submission(settings, doc)
        )

    def on_match(self, change: Change) -> bool:
        """Validate and register, or answer that the patient or place is unknown.

        Raises ScriptError, ValueError, TypeError where the real CHT throws; earlier triggers keep their effects.
        """
        doc = change.doc
        configuration = registration_for(self._state.settings, doc.get("form")) or {}
        if not self._validations.passes(doc, configuration, Context(doc.get("patient"), doc.get("place"))):
            return True
        if not self._has_known_subjects(doc):
            self._messages.reject(doc, configuration, "registration_not_found")
            return True
        view = {**(doc.get("fields") or {}), **doc}
        events = [event for event in _events(configuration) if self._is_due(view, event)]
        parameters = [trigger_parameters(event.get("params")) for event in events]
        # All events are chosen before any trigger changes the record.
        for event, arguments in zip(events, parameters, strict=True):
            self._run(str(event["trigger"]), doc, configuration, arguments)
        self._add_messages(doc, configuration)
        return True

    def _has_known_subjects(self, doc: Doc) -> bool:
        """Whether the ids in a record are those of a person and of a place."""
        fields, settings = doc.get("fields") or {}, self._state.settings
        for role, has_type in (("patient", is_person), ("place", is_place)):
            if fields.get(f"{role}_id") and not (doc.get(role) and has_type(settings, doc[role])):
                return False
        return True

    def _is_due(self, view: Doc, event: Mapping[str, Any]) -> bool:
        """Whether the trigger of an event must run for a record and its fields; false for an unknown trigger."""
        name = str(event.get("trigger"))
        if event.get("name") != "on_create" or not self._applies(view, event):
            return False
        known = name in self._triggers or inherited(name) is not None
        if not known:
            self._warn(f"registration {view.get('form')!r}: unknown trigger {name!r}, which does nothing")
        return known

    def _run(self, trigger: str, doc: Doc, configuration: Mapping[str, Any], parameters: Any) -> None:
        """Run a trigger; one that every object has a property for is that function. Raises TypeError."""
        run = self._triggers.get(trigger)
        if run is None:
            call_unbound(trigger, doc)
        else:
            run(doc, configuration, parameters)

    def _applies(self, doc: Doc, entry: Mapping[str, Any]) -> bool:
        try:
            return condition_holds(entry, doc)
        except ScriptError:
            return False

    def _context(self, doc: Doc) -> Context:
        fields = doc.get("fields") or {}
        patients, places = (
            registrations_of(self._state, self._views, fields.get(name)) for name in ("patient_id", "place_id")
        )
        return Context(doc.get("patient"), doc.get("place"), patients, places)

    def _assign_schedules(self, doc: Doc, _configuration: Mapping[str, Any], names: Any) -> None:
        context = self._context(doc)
        for name in names if isinstance(names, list) else ():
            self._schedules.assign(doc, name, context)

    def _clear_schedules(self, doc: Doc, _configuration: Mapping[str, Any], names: Any) -> None:
        fields = doc.get("fields") or {}
        ids = [one for role in ("patient", "place") for one in subject_ids(doc.get(role))]
        ids.append(doc.get("case_id") or fields.get("case_id"))
        found = registrations_about(self._state, self._views, *ids)
        self._schedules.silence(doc, {"silence_type": ",".join(names) if isinstance(names, list) else ""}, found)

    def _add_case(self, doc: Doc, _configuration: Mapping[str, Any], _parameters: Any) -> None:
        if not doc.get("case_id"):
            doc["case_id"] = free_id(self._state, self._views)
        place = ((doc.get("contact") or {}).get("parent") or {}).get("_id")
        if place:
            doc.setdefault("fields", {})["place_uuid"] = place

    def _add_expected_date(self, doc: Doc, _configuration: Mapping[str, Any], _parameters: Any) -> None:
        start = lmp_date(doc)
        doc["lmp_date"] = None if start is None else iso(start)
        doc["expected_date"] = None if start is None else iso(moments.add(start, PREGNANCY))

    def _add_birth_date(self, doc: Doc, _configuration: Mapping[str, Any], _parameters: Any) -> None:
        if isinstance(doc.get("fields"), dict):
            date = birth_date(doc)
            doc["birth_date"] = None if date is None else iso(date)

    def _add_messages(self, doc: Doc, configuration: Mapping[str, Any]) -> None:
        context = self._context(doc)
        more = {"next_msg": next_times(doc, self._state.now())}
        context = Context(context.patient, context.place, context.registrations, context.place_registrations, more)
        for message in configuration.get("messages") or ():
            if (message.get("event_type") or "report_accepted") == "report_accepted" and condition_holds(message, doc):
                self._messages.add(doc, message, message.get("recipient"), context)


def _events(configuration: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The events of a registration. Raises TypeError with the real server's message if they are missing."""
    events = configuration.get("events")
    if not isinstance(events, list):
        raise TypeError(
            f"Cannot read properties of {'null' if 'events' in configuration else 'undefined'} (reading 'map')"
        )
    return events
