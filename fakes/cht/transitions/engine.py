"""Running the enabled transitions in their order (cht-core `transitions/index.js`).

A transition that this fake does not support does nothing; one warning says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fakes.cht.contacts.lineage import hydrate, minify
from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Conflict, Doc, Documents, copy_json
from fakes.cht.couch.infodoc import info_of, save_transitions
from fakes.cht.javascript.dates import iso
from fakes.cht.javascript.sandbox import ScriptError
from fakes.cht.messages.generator import Messages, add_error
from fakes.cht.messages.history import History
from fakes.cht.outbound.push import Outbound
from fakes.cht.state import State
from fakes.cht.transitions.accept_case_reports import AcceptCaseReports
from fakes.cht.transitions.accept_patient_reports import AcceptPatientReports
from fakes.cht.transitions.conditional_alerts import ConditionalAlerts
from fakes.cht.transitions.death_reporting import DeathReporting
from fakes.cht.transitions.default_responses import DefaultResponses
from fakes.cht.transitions.generate_shortcode_on_contacts import GenerateShortcodeOnContacts
from fakes.cht.transitions.lib.change import Change, Transition, Warn
from fakes.cht.transitions.lib.loading import SENTINEL, SERVER, loaded_transitions
from fakes.cht.transitions.lib.schedules import Schedules
from fakes.cht.transitions.lib.validations import Validations
from fakes.cht.transitions.mark_for_outbound import MarkForOutbound
from fakes.cht.transitions.muting import Muting
from fakes.cht.transitions.registration import Registration
from fakes.cht.transitions.resolve_pending import ResolvePending
from fakes.cht.transitions.self_report import SelfReport
from fakes.cht.transitions.update_clinics import UpdateClinics
from fakes.cht.transitions.update_sent_by import UpdateSentBy


class Transitions:
    """The transitions of one process, with its own history of recent outgoing texts."""

    def __init__(self, state: State, views: ContactViews, outbound: Outbound, warn: Warn) -> None:
        self._state = state
        self._views = views
        self._warn = warn
        self._history = History()
        self._unsupported: set[str] = set()
        self.messages = Messages(state, self._history)
        schedules = Schedules(state, self.messages, warn)
        checks = Validations(state, views, self.messages)
        self._all: Mapping[str, Transition] = {
            "update_clinics": UpdateClinics(state, views, self.messages),
            "self_report": SelfReport(state, views, self.messages),
            "registration": Registration(state, views, self.messages, schedules, checks, warn),
            "accept_patient_reports": AcceptPatientReports(state, views, self.messages, schedules, checks),
            "accept_case_reports": AcceptCaseReports(state, views, self.messages, schedules, checks),
            "generate_shortcode_on_contacts": GenerateShortcodeOnContacts(state, views),
            "generate_patient_id_on_people": GenerateShortcodeOnContacts(state, views),
            "default_responses": DefaultResponses(state, self.messages),
            "update_sent_by": UpdateSentBy(state, views),
            "death_reporting": DeathReporting(state),
            "conditional_alerts": ConditionalAlerts(state, views, self.messages),
            "resolve_pending": ResolvePending(state),
            "muting": Muting(state, views, self.messages, checks, warn),
            "mark_for_outbound": MarkForOutbound(state, outbound),
        }

    @property
    def supported(self) -> tuple[str, ...]:
        """The names of the transitions that this fake supports."""
        return tuple(self._all)

    def clear(self) -> None:
        """Reset, as a restart does."""
        self._history.clear()
        self._unsupported.clear()

    def before_save(self, doc: Doc) -> None:
        """In the server: run over a new record and leave the record to be saved in `doc`.

        If no transition changed it, the record stays the same. May make HTTP calls; called without the lock.
        """
        with self._state.lock:
            sentinel = self._state.sentinel
            info = info_of(doc["_id"], sentinel, self._state.now_ms())
            traced = self._state.release.request_ids
            request_id = f"{self._state.rng.getrandbits(48):012x}" if traced else None
        change = Change(copy_json(doc), info, sentinel, request_id=request_id)
        hydrate(change.doc, self._state, self._views)
        if self._run(change, process=SERVER):
            minify(change.doc)
            doc.clear()
            doc.update(change.doc)
            if self._state.release.doubles_transitions:
                return  # sentinel reads the info document before the server has written it: cht-core 11212
            with self._state.lock:
                save_transitions(doc["_id"], change.info, sentinel)

    def after_save(self, doc_id: str, docs: Documents, sentinel: Documents) -> None:
        """In sentinel: run over the current document, and save it if it was changed. May make HTTP calls."""
        with self._state.lock:
            doc = docs.get(doc_id)
            if doc is None:
                return
            info = info_of(doc_id, sentinel, None)
            change = Change(doc, info, sentinel, seq=f"{docs.sequence}-{doc['_rev']}")
        hydrate(change.doc, self._state, self._views)
        changed = self._run(change, process=SENTINEL)
        with self._state.lock:
            if changed:
                minify(change.doc)
                try:
                    docs.save(change.doc)
                except Conflict:
                    return  # it was saved meanwhile: that change is processed next
            if changed or "transitions" not in info:
                save_transitions(doc_id, change.info, sentinel)

    def _run(self, change: Change, process: str) -> bool:
        """Run what is enabled in `process`, SERVER or SENTINEL. Returns whether anything changed the document."""
        changed = False
        for name, transition in self._enabled(process):
            changed = self._run_one(name, transition, change) or changed
        return changed

    def _run_one(self, name: str, transition: Transition, change: Change) -> bool:
        last = ((change.info.get("transitions") or {}).get(name) or {}).get("last_rev")
        if last is not None and _generation(last) == _generation(change.doc.get("_rev")):
            return False
        try:
            if not transition.filter(change):
                return False
        except Exception as broken:  # as in the real CHT, a transition whose filter fails does not run
            self._warn(f"the filter of transition {name} failed on {change.doc['_id']}: {broken}")
            return False
        try:
            changed = transition.on_match(change)
        except Exception as broken:  # as in the real CHT: added to the record's errors, the other transitions run
            message = broken.message if isinstance(broken, ScriptError) else str(broken)
            add_error(change.doc, f"{name}_error'", f"Transition error on {name}: {message}")
            self._warn(f"transition {name} failed on {change.doc['_id']} with {type(broken).__name__}: {broken}")
            return False
        if changed:
            entry = {
                "last_rev": change.doc.get("_rev"),
                "seq": change.seq,
                "ok": True,
                "run_date": iso(self._state.now()),
            }
            entry = {key: value for key, value in entry.items() if key != "last_rev" or value is not None}
            change.info["transitions"] = {**(change.info.get("transitions") or {}), name: entry}
        return changed

    def _enabled(self, process: str) -> Iterator[tuple[str, Transition]]:
        """The enabled transitions in their order. Warns once about each unsupported one."""
        for name in loaded_transitions(self._state.settings, process):
            transition = self._all.get(name)
            if transition is not None:
                yield name, transition
            elif name not in self._unsupported:
                self._unsupported.add(name)
                self._warn(f"the settings enable the transition {name!r}, which this fake does not support")


def _generation(revision: Any) -> str:
    return str(revision).partition("-")[0]
