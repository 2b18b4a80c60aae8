"""Muting: no reminders for a contact and all contacts below it, until it is unmuted (cht-core `transitions/muting.js`).

Runs only in sentinel. Mutings by phones (`client_side_transitions`) are stored as they arrive, not replayed.
Source of the rest: cht-core `lib/muting_utils.js`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from fakes.cht.contacts.contact_types import type_of
from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Conflict, Doc
from fakes.cht.couch.infodoc import info_of, save_muting
from fakes.cht.javascript import js, moments
from fakes.cht.javascript.dates import iso, milliseconds
from fakes.cht.messages.generator import Context, Messages
from fakes.cht.messages.task_state import set_task_state
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Change, Warn
from fakes.cht.transitions.lib.forms import is_valid_submission, registrations_about, subject_ids
from fakes.cht.transitions.lib.validations import Validations

NAME = "muting"
CLIENT, SERVER = "client_side", "server_side"
MUTED = "muted"
UNSENT = ("scheduled", "pending")
NOT_FOUND = "contact_not_found"


class Muting:
    """Mutes and unmutes contacts by report, and mutes new contacts below muted ones."""

    def __init__(
        self, state: State, views: ContactViews, messages: Messages, validations: Validations, warn: Warn
    ) -> None:
        self._state = state
        self._views = views
        self._messages = messages
        self._validations = validations
        self._warn = warn

    def filter(self, change: Change) -> bool:
        """A report of a configured form, or a contact that is new below a muted one or was muted by a phone."""
        doc, settings = change.doc, self._state.settings
        if doc.get("type") != "data_record":
            return type_of(settings, doc) is not None and (_is_new_below_muted(change) or _was_muted_by_phone(doc))
        form = doc.get("form")
        return bool(
            form
            and (self._is_listed(form, "mute_forms") or self._is_listed(form, "unmute_forms"))
            and not change.has_run(NAME)
            and is_valid_submission(settings, doc)
        )

    def on_match(self, change: Change) -> bool:
        """Mute or unmute. A contact may already have the right state."""
        if change.doc.get("type") != "data_record":
            return self._contact_changed(change)
        doc = change.doc
        mute = self._is_listed(doc.get("form"), "mute_forms")
        contact = doc.get("patient") or doc.get("place")
        context = Context(doc.get("patient"), doc.get("place"))
        if not contact:
            self._answer_not_found(doc, context)
        elif self._validations.passes(doc, self._configuration(), context):
            self._apply(doc, contact, mute, context)
        return True

    def _apply(self, doc: Doc, contact: Doc, mute: bool, context: Context) -> None:
        by_phone = (doc.get("client_side_transitions") or {}).get(NAME)
        if js.truthy(contact.get("muted")) == mute and not by_phone:
            self._answer(doc, "already_muted" if mute else "already_unmuted", context)
            return
        if by_phone:
            self._warn(f"{doc['_id']} was processed by a phone: later mutings of that phone are not replayed")
        self._set_all(contact, self._state.now() if mute else None, doc["_id"])
        self._answer(doc, "mute" if mute else "unmute", context)

    def _set_all(self, contact: Doc, since: datetime | None, report_id: str) -> None:
        """Mute a contact and all contacts below it, or unmute everything from its topmost muted ancestor down."""
        top = contact["_id"]
        if since is None:
            top = next((one["_id"] for one in reversed([*_lineage(contact)]) if js.truthy(one.get("muted"))), top)
        with self._state.lock:
            found = [self._state.docs.get(doc_id) for doc_id in self._views.descendants(top)]
            contacts = [one for one in found if one is not None]
            self._save(one for one in contacts if self._set(one, since))
            self._set_registrations([doc_id for one in contacts for doc_id in subject_ids(one)], since)
            for one in contacts:
                self._record_history(one["_id"], since, report_id)

    def _contact_changed(self, change: Change) -> bool:
        doc = change.doc
        mute = _is_new_below_muted(change) or js.truthy(doc.get("muted"))
        since = self._state.now() if mute else None
        with self._state.lock:
            self._set_registrations(subject_ids(doc), since)
            self._record_history(doc["_id"], since, self._cause(change))
        return self._set(doc, since)

    def _cause(self, change: Change) -> Any:
        """The report that muted a contact: the one on the phone, else the last one of its muted ancestor."""
        doc = change.doc
        if _was_muted_by_phone(doc):
            return _last_report((doc.get("muting_history") or {}).get(CLIENT))
        above = _muted_ancestor(doc, _first_replicated(change))
        info = info_of(above["_id"], change.sentinel, None) if above is not None else {}
        return _last_report(info.get("muting_history"))

    def _set(self, contact: Doc, since: datetime | None) -> bool:
        """Set the muting of a contact. Returns whether it changed. A contact that was muted before keeps its time."""
        history = contact.get("muting_history")
        current = not history or (
            history.get("last_update") == SERVER and (history.get(SERVER) or {}).get("muted") == (since is not None)
        )
        time = None if since is None else iso(since)
        if current and time is not None:
            time = contact.get("muted") or time
        changed = not current or contact.get("muted") != time
        if not current and isinstance(history, dict):
            history[SERVER] = {"muted": since is not None, "date": time or iso(self._state.now())}
            history["last_update"] = SERVER
        if time is not None:
            contact["muted"] = time
        elif changed:
            contact.pop("muted", None)
        return changed

    def _set_registrations(self, ids: Iterable[Any], since: datetime | None) -> None:
        registrations = registrations_about(self._state, self._views, *ids)
        self._save(one for one in registrations if self._set_reminders(one, since is not None))

    def _set_reminders(self, registration: Doc, mute: bool) -> bool:
        """Mute unsent tasks, or schedule those due from today on again. Returns whether anything changed."""
        now = self._state.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        listed = registration.get("scheduled_tasks")
        tasks = [task for task in listed if isinstance(task, dict)] if isinstance(listed, list) else []
        if mute:
            chosen = [task for task in tasks if task.get("state") in UNSENT]
        else:
            chosen = [task for task in tasks if task.get("state") == MUTED and _is_due_from(task, midnight, now)]
        changed = [set_task_state(task, MUTED if mute else "scheduled", now=now) for task in chosen]
        return any(changed)

    def _record_history(self, doc_id: str, since: datetime | None, report_id: Any) -> None:
        """Record in the info document which report muted a contact, once for each change."""
        info = info_of(doc_id, self._state.sentinel, None)
        history = list(info.get("muting_history") or ())
        last = history[-1] if history else {}
        if last and last.get("muted") == (since is not None) and last.get("report_id") == report_id:
            return
        entry = {"muted": since is not None, "date": iso(since or self._state.now()), "report_id": report_id}
        history.append({key: value for key, value in entry.items() if value is not None})
        save_muting(doc_id, history, info, self._state.sentinel)

    def _save(self, docs: Iterable[Doc]) -> None:
        for doc in docs:
            try:
                self._state.save(doc)
            except Conflict:
                self._warn(f"{doc['_id']} was not muted or unmuted: it was saved by something else meanwhile")

    def _answer_not_found(self, doc: Doc, context: Context) -> None:
        message = self._message(NOT_FOUND)
        template = self._messages.template(doc, message) if message is not None else None
        misconfigured = f'Failed to complete muting request, event type "{NOT_FOUND}" misconfigured.'
        self._messages.record_error(doc, {"message": template or misconfigured})
        self._answer(doc, NOT_FOUND, context)

    def _answer(self, doc: Doc, event: str, context: Context) -> None:
        message = self._message(event)
        if message is not None:
            self._messages.add(doc, message, message.get("recipient"), context)

    def _message(self, event: str) -> Mapping[str, Any] | None:
        listed = self._configuration().get("messages")
        entries = listed if isinstance(listed, list) else []
        return next((one for one in entries if isinstance(one, Mapping) and one.get("event_type") == event), None)

    def _configuration(self) -> Mapping[str, Any]:
        found = self._state.settings.get(NAME)
        return found if isinstance(found, Mapping) else {}

    def _is_listed(self, form: Any, setting: str) -> bool:
        pattern = re.compile(rf"W*{re.escape(str(form))}\W*", re.IGNORECASE)
        listed = self._configuration().get(setting)
        return any(pattern.fullmatch(str(one)) for one in (listed if isinstance(listed, list) else ()))


def _is_due_from(task: Doc, midnight: datetime, now: datetime) -> bool:
    due = moments.read(task["due"]) if "due" in task else now
    return due is not None and due >= midnight


def _is_new_below_muted(change: Change) -> bool:
    doc = change.doc
    return (
        not js.truthy(doc.get("muted"))
        and _muted_ancestor(doc, _first_replicated(change)) is not None
        and not change.info.get("muting_history")
        and not _was_muted_by_phone(doc)
    )


def _first_replicated(change: Change) -> float | None:
    """When the contact first reached the server, in ms; None if unknown."""
    return milliseconds(change.info.get("initial_replication_date"))


def _muted_ancestor(doc: Doc, before: float | None) -> Doc | None:
    """The nearest muted ancestor, if it was muted `before` that time (None: at any time)."""
    for one in [*_lineage(doc)][1:]:
        if js.truthy(one.get("muted")):
            muted = milliseconds(one["muted"])
            if not before or (muted is not None and muted <= before):
                return one
    return None


def _was_muted_by_phone(doc: Doc) -> bool:
    history = doc.get("muting_history")
    return isinstance(history, dict) and history.get("last_update") == CLIENT


def _last_report(history: Any) -> Any:
    last = history[-1] if isinstance(history, list) and history else None
    return last.get("report_id") if isinstance(last, dict) else None


def _lineage(contact: Any) -> Iterator[Doc]:
    """A contact and its ancestors."""
    at = contact
    while isinstance(at, dict):
        yield at
        at = at.get("parent")
