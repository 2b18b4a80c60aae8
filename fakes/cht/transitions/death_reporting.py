"""Reported deaths (cht-core `transitions/death_reporting.js`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.cht.contacts.contact_types import is_person
from fakes.cht.couch.documents import Doc
from fakes.cht.javascript import js
from fakes.cht.javascript.paths import UNDEFINED, get_path
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Change
from fakes.cht.transitions.lib.forms import is_valid_submission
from fakes.cht.transitions.lib.schedules import save_changed

NAME = "death_reporting"


class DeathReporting:
    """Sets or removes `date_of_death` of the patient. The report itself is not changed."""

    def __init__(self, state: State) -> None:
        self._state = state

    def filter(self, change: Change) -> bool:
        """A report of a configured form about a known patient."""
        doc = change.doc
        return bool(
            doc.get("form")
            and doc.get("type") == "data_record"
            and (self._is_listed(doc, "mark_deceased_forms") or self._is_listed(doc, "undo_deceased_forms"))
            and doc.get("patient")
            and not change.has_run(NAME)
            and is_valid_submission(self._state.settings, doc)
        )

    def on_match(self, change: Change) -> bool:
        """Change the patient if necessary. Raises ValueError for a patient who is not a person, SaveConflict."""
        doc = change.doc
        patient_id = doc["patient"].get("_id")
        if not patient_id:
            return False
        patient = self._state.get(patient_id)
        if patient is None or not is_person(self._state.settings, patient):
            raise ValueError(js.dumps(f"Patient not found: {patient_id}"))
        dead = js.truthy(patient.get("date_of_death"))
        if self._is_listed(doc, "mark_deceased_forms") and not dead:
            patient["date_of_death"] = self._date(doc)
        elif self._is_listed(doc, "undo_deceased_forms") and dead:
            del patient["date_of_death"]
        else:
            return False
        save_changed(self._state, patient)
        return True

    def _date(self, doc: Doc) -> Any:
        path = self._configuration().get("date_field")
        found = get_path(doc, str(path)) if js.truthy(path) else UNDEFINED
        return found if found is not UNDEFINED and js.truthy(found) else doc.get("reported_date")

    def _is_listed(self, doc: Doc, setting: str) -> bool:
        listed = self._configuration().get(setting)
        return isinstance(listed, list) and doc.get("form") in listed

    def _configuration(self) -> Mapping[str, Any]:
        found = self._state.settings.get(NAME)
        return found if isinstance(found, Mapping) else {}
