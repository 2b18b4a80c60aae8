"""Due scheduled tasks: when they are due, in which hours they run, and which state they get.

Source: cht-core sentinel/src/schedule/index.js, shared-libs/transitions/src/schedule/due_tasks.js: a run every five
minutes, only between the morning and the evening time of the settings, for tasks of the last seven days.
A document is processed if one of its tasks in state `scheduled` is due and has a message that could be sent, or no
messages yet. Then every scheduled task with the same due date is processed; in releases before 5.2 every task with it,
whatever its state.
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
from fakes.cht.javascript.inherited import inherited
from fakes.cht.javascript.mustache import TemplateError
from fakes.cht.messages.generator import Context, Messages
from fakes.cht.messages.task_state import set_task_state
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Warn
from fakes.cht.transitions.lib.forms import registrations_of

MAX_AGE = timedelta(days=7)
SCHEDULED = "scheduled"
BATCH = 1000
"""Rows that are read at a time; a batch that fails changes nothing."""


def within_hours(settings: Mapping[str, Any], now: datetime) -> bool:
    """Whether due tasks are processed now: by default all day except the last hour. Server time is UTC here."""
    minute = now.hour * 60 + now.minute
    morning = _minutes(settings, "schedule_morning", 0)
    evening = _minutes(settings, "schedule_evening", 23)
    return morning <= minute <= evening


def _minutes(settings: Mapping[str, Any], name: str, hours: int) -> int:
    return _number(settings.get(f"{name}_hours"), hours) * 60 + _number(settings.get(f"{name}_minutes"), 0)


def _number(value: Any, default: int) -> int:
    """A setting as moment.js reads it: a falsy value means the default, an invalid number means 0."""
    if not js.truthy(value):
        return default
    try:
        return int(float(value))
    except (OverflowError, TypeError, ValueError):
        return 0


class DueTasks:
    """Processes due tasks. Tracks the documents with scheduled tasks, so that a run does not scan all documents.

    `warn` is called with a sentence when a document aborts a run.
    """

    def __init__(self, state: State, views: ContactViews, messages: Messages, warn: Warn) -> None:
        self._state = state
        self._views = views
        self._messages = messages
        self._warn = warn
        self._waiting: dict[str, None] = {}

    def changed(self, doc: Doc) -> None:
        """Track a document that was saved."""
        if any(task.get("state") == SCHEDULED for task in (*_tasks(doc, "tasks"), *_tasks(doc))):
            self._waiting[doc["_id"]] = None
        else:
            self._waiting.pop(doc["_id"], None)

    def reset(self) -> None:
        """Forget all documents."""
        self._waiting.clear()

    def run(self) -> None:
        """One run: due tasks become pending, document by document in order of date.

        A document that fails aborts this run and each later one: everything after it waits until that document is
        fixed or its tasks are a week old.
        """
        now = self._state.now()
        if not self._waiting or not within_hours(self._state.settings, now):
            return
        with self._state.lock:
            found = ((doc_id, due_dates(self._state.get(doc_id) or {}, now)) for doc_id in self._waiting)
            due = sorted((min(dates), doc_id, dates) for doc_id, dates in found if dates)
            if any(inherited(doc_id) is not None for _, doc_id, _ in due[:BATCH]):
                self._warn("the run of due tasks was aborted: the id of a document is a property of all objects")
                return
            for _, doc_id, dates in due:
                doc = self._state.get(doc_id)
                try:
                    changed = doc is not None and self._make_pending(doc, dates, now)
                except (TemplateError, TypeError, ValueError) as fault:
                    self._warn(f"the run of due tasks was aborted at {doc_id}: {fault}")
                    return
                if doc is not None and changed:
                    minify(doc)
                    self._state.save(doc)

    def _make_pending(self, doc: Doc, dates: Container[str], now: datetime) -> bool:
        """Change the tasks of `doc` that have one of the due dates. Returns whether any changed."""
        if not isinstance(doc.get("scheduled_tasks"), list):
            raise TypeError("a task in `tasks` is scheduled, and `scheduled_tasks` is missing")
        hydrate(doc, self._state, self._views)
        sms = self._state.settings.get("sms")
        known = self._state.release.clears_failing_schedules
        clear_failing = known and isinstance(sms, Mapping) and js.truthy(sms.get("clear_failing_schedules"))
        only_scheduled = self._state.release.only_scheduled_become_due
        context = self._context(doc)
        changed = False
        for task in _tasks(doc):
            moves = task.get("state") == SCHEDULED or not only_scheduled
            if moves and _date_of(task, doc) in dates:
                ready = self._is_ready(task, doc, context)
                if ready or clear_failing:
                    set_task_state(task, "pending" if ready else "clear", now=now)
                    changed = True
        return changed

    def _is_ready(self, task: Doc, doc: Doc, context: Context) -> bool:
        """Whether the task has a text to send. A text from a translation key is generated now.

        Raises TemplateError, and TypeError or ValueError where the real CHT fails too.
        """
        if task.get("messages") is None:
            content = {"translation_key": task.get("message_key"), "message": task.get("message")}
            generated = self._messages.generate(doc, content, task.get("recipient"), context)
            if not generated[0].get("error"):
                task["messages"] = generated
        messages = task.get("messages")
        if messages is None:
            return False
        if not isinstance(messages, list) or not messages or not isinstance(messages[0], Mapping):
            raise TypeError("the first message of a task is not an object")
        text = messages[0].get("message")
        if text is not None and not isinstance(text, str):
            raise TypeError("the text of a message is not a string")
        return text is not None and bool(js.trim(text))

    def _context(self, doc: Doc) -> Context:
        patient, place, fields = doc.get("patient"), doc.get("place"), doc.get("fields") or {}
        codes = [fields.get(f"{name}_id") or (doc.get(name) or {}).get(f"{name}_id") for name in ("patient", "place")]
        if not any(codes):
            return Context(patient, place)
        of_patient, of_place = (registrations_of(self._state, self._views, code) if code else None for code in codes)
        return Context(patient, place, of_patient, of_place)


def due_dates(doc: Mapping[str, Any], now: datetime) -> frozenset[str]:
    """The due dates, as JavaScript writes them, for which a document is processed at `now`."""
    found = set()
    for task in (*_tasks(doc, "tasks"), *_tasks(doc)):
        if task.get("state") == SCHEDULED and (task.get("messages") is None or _could_be_sent(task)):
            due = due_date(task, doc)
            if due is not None and now - MAX_AGE <= due <= now:
                found.add(iso(due))
    return frozenset(found)


def due_date(task: Mapping[str, Any], doc: Mapping[str, Any]) -> datetime | None:
    """When a task is due: `due`, else `timestamp`, else the date of the report; None if that is not a valid time."""
    return moments.read(_due(task, doc))


def _due(task: Mapping[str, Any], doc: Mapping[str, Any]) -> Any:
    return task.get("due") or task.get("timestamp") or doc.get("reported_date")


def _date_of(task: Mapping[str, Any], doc: Mapping[str, Any]) -> str | None:
    """The due date as a string. A stored string stays as it is: `...T09:00:00Z` is not `...T09:00:00.000Z`."""
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
