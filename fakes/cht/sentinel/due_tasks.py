"""Scheduled tasks that become due: when, within which hours, and what they turn into.

Source: cht-core sentinel/src/schedule/index.js, shared-libs/transitions/src/schedule/due_tasks.js: a run every five
minutes, only between the morning and the evening time of the settings, and never further back than seven days.
A document is looked at when one of its tasks in state `scheduled` is due and has a message that could be sent, or no
messages yet; then every scheduled task with that very due date is.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime, timedelta
from typing import Any

from fakes.cht.contacts.lineage import hydrate, minify
from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Doc
from fakes.cht.javascript import js, moments
from fakes.cht.javascript.dates import iso
from fakes.cht.javascript.mustache import TemplateError
from fakes.cht.messages.generator import Context, Messages
from fakes.cht.messages.task_state import set_task_state
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Warn
from fakes.cht.transitions.lib.forms import registrations_of

MAX_AGE = timedelta(days=7)
SCHEDULED = "scheduled"


def within_hours(settings: Mapping[str, Any], now: datetime) -> bool:
    """Whether due messages may run now: by default all day but the hour before midnight. Server time is UTC here."""
    minute = now.hour * 60 + now.minute
    morning = _minutes(settings, "schedule_morning", 0)
    evening = _minutes(settings, "schedule_evening", 23)
    return morning <= minute <= evening


def _minutes(settings: Mapping[str, Any], name: str, hours: int) -> int:
    return _number(settings.get(f"{name}_hours"), hours) * 60 + _number(settings.get(f"{name}_minutes"), 0)


def _number(value: Any, default: int) -> int:
    """A setting as moment.js takes it: what is false stands for the default, what is no number for 0."""
    if not js.truthy(value):
        return default
    try:
        return int(float(value))
    except (OverflowError, TypeError, ValueError):
        return 0


class DueTasks:
    """Remembers which documents have scheduled tasks, so that a run need not look at all of them.

    `warn` is called with a sentence when a document ends a run.
    """

    def __init__(self, state: State, views: ContactViews, messages: Messages, warn: Warn) -> None:
        self._state = state
        self._views = views
        self._messages = messages
        self._warn = warn
        self._waiting: dict[str, None] = {}

    def changed(self, doc: Doc) -> None:
        """A document was saved."""
        if any(task.get("state") == SCHEDULED for task in (*_tasks(doc, "tasks"), *_tasks(doc))):
            self._waiting[doc["_id"]] = None
        else:
            self._waiting.pop(doc["_id"], None)

    def reset(self) -> None:
        """Begin anew."""
        self._waiting.clear()

    def run(self) -> None:
        """One run: what is due turns pending, document by document in order of date.

        A document that cannot be worked on ends the run, this one and each later one: whatever comes after it waits
        until it is a week old or mended.
        """
        now = self._state.now()
        if not self._waiting or not within_hours(self._state.settings, now):
            return
        with self._state.lock:
            found = ((doc_id, due_dates(self._state.get(doc_id) or {}, now)) for doc_id in self._waiting)
            for _, doc_id, dates in sorted((min(dates), doc_id, dates) for doc_id, dates in found if dates):
                doc = self._state.get(doc_id)
                try:
                    changed = doc is not None and self._make_pending(doc, dates, now)
                except (TemplateError, TypeError, ValueError) as fault:
                    self._warn(f"the run of schedules ended at {doc_id}: {fault}")
                    return
                if doc is not None and changed:
                    minify(doc)
                    self._state.save(doc)

    def _make_pending(self, doc: Doc, dates: Container[str], now: datetime) -> bool:
        """Change the tasks of `doc` with one of the due dates; whether any changed."""
        if not isinstance(doc.get("scheduled_tasks"), list):
            raise TypeError("a task of another list is scheduled, and there are no scheduled_tasks")
        hydrate(doc, self._state, self._views)
        sms = self._state.settings.get("sms")
        clear_failing = isinstance(sms, Mapping) and js.truthy(sms.get("clear_failing_schedules"))
        context = self._context(doc)
        changed = False
        for task in _tasks(doc):
            if task.get("state") == SCHEDULED and _date_of(task, doc) in dates:
                ready = self._is_ready(task, doc, context)
                if ready or clear_failing:
                    set_task_state(task, "pending" if ready else "clear", now=now)
                    changed = True
        return changed

    def _is_ready(self, task: Doc, doc: Doc, context: Context) -> bool:
        """Whether the task has a text to send; one given by a translation key is made now.

        Raises TemplateError, and TypeError or ValueError for what the real one fails over too.
        """
        if task.get("messages") is None:
            content = {"translation_key": task.get("message_key"), "message": task.get("message")}
            made = self._messages.generate(doc, content, task.get("recipient"), context)
            if not made[0].get("error"):
                task["messages"] = made
        messages = task.get("messages")
        if messages is None:
            return False
        if not isinstance(messages, list) or not messages or not isinstance(messages[0], Mapping):
            raise TypeError("the first message of a task is no object")
        text = messages[0].get("message")
        if text is not None and not isinstance(text, str):
            raise TypeError("the text of a message is no text")
        return text is not None and bool(js.trim(text))

    def _context(self, doc: Doc) -> Context:
        patient, place, fields = doc.get("patient"), doc.get("place"), doc.get("fields") or {}
        codes = [fields.get(f"{name}_id") or (doc.get(name) or {}).get(f"{name}_id") for name in ("patient", "place")]
        if not any(codes):
            return Context(patient, place)
        of_patient, of_place = (registrations_of(self._state, self._views, code) if code else None for code in codes)
        return Context(patient, place, of_patient, of_place)


def due_dates(doc: Mapping[str, Any], now: datetime) -> frozenset[str]:
    """The due dates, as JavaScript writes them, for which a document is looked at at `now`."""
    found = set()
    for task in (*_tasks(doc, "tasks"), *_tasks(doc)):
        if task.get("state") == SCHEDULED and (task.get("messages") is None or _could_be_sent(task)):
            due = due_date(task, doc)
            if due is not None and now - MAX_AGE <= due <= now:
                found.add(iso(due))
    return frozenset(found)


def due_date(task: Mapping[str, Any], doc: Mapping[str, Any]) -> datetime | None:
    """When a task is due: `due`, else `timestamp`, else when the document was reported; None if that is no time."""
    return moments.read(_due(task, doc))


def _due(task: Mapping[str, Any], doc: Mapping[str, Any]) -> Any:
    return task.get("due") or task.get("timestamp") or doc.get("reported_date")


def _date_of(task: Mapping[str, Any], doc: Mapping[str, Any]) -> str | None:
    """The due date as text. One stored as text is compared as it is: `...T09:00:00Z` is not `...T09:00:00.000Z`."""
    due = _due(task, doc)
    if isinstance(due, str):
        return due
    moment = moments.read(due)
    return None if moment is None else iso(moment)


def _could_be_sent(task: Mapping[str, Any]) -> bool:
    messages = task.get("messages")
    entries = [one for one in messages if isinstance(one, Mapping)] if isinstance(messages, list) else []
    return any(all(js.truthy(one.get(key)) for key in ("uuid", "to", "message")) for one in entries)


def _tasks(doc: Mapping[str, Any], name: str = "scheduled_tasks") -> list[dict[str, Any]]:
    tasks = doc.get(name)
    return [task for task in tasks if isinstance(task, dict)] if isinstance(tasks, list) else []
