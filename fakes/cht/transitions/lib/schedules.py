"""Reminders of a registration: their due dates, and clearing them (cht-core `lib/schedules.js`, `lib/utils.js`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fakes.cht.couch.documents import Conflict, Doc
from fakes.cht.javascript import js, moments
from fakes.cht.javascript.dates import iso
from fakes.cht.javascript.mustache import TemplateError
from fakes.cht.javascript.paths import UNDEFINED, get_path
from fakes.cht.messages.generator import Context, Messages, add_error
from fakes.cht.messages.outgoing_allowed import outgoing_allowed
from fakes.cht.messages.task_state import set_task_state
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Warn
from fakes.cht.transitions.lib.forms import configured

CLEARABLE = ("pending", "scheduled", "muted")


class SaveConflict(ValueError):
    """A document that was saved by something else meanwhile; the text is JSON, as in the real CHT."""


class Schedules:
    """Adds scheduled tasks to registrations, and clears them."""

    def __init__(self, state: State, messages: Messages, warn: Warn) -> None:
        self._state = state
        self._messages = messages
        self._warn = warn

    def assign(self, doc: Doc, name: str, context: Context) -> None:
        """Add the tasks of the schedule `name` to `doc`. Past tasks are left out, with the rest of their group.

        A document without the date from which the schedule counts gets none; one with an invalid date gets tasks
        without a date, which are due from the date of the report.
        """
        schedule = next(
            (one for one in reversed([*configured(self._state.settings, "schedules")]) if one.get("name") == name), None
        )
        start_value = None if schedule is None else _start(doc, schedule.get("start_from", "reported_date"))
        if schedule is None or start_value is None or _has_schedule(doc, name):
            return
        start = moments.read(start_value)
        skipped: list[Any] = []
        for message in _entries(schedule.get("messages")):
            if message.get("group") not in skipped:
                self._assign_one(doc, schedule, message, start, context, skipped)

    def _assign_one(
        self,
        doc: Doc,
        schedule: Mapping[str, Any],
        message: Mapping[str, Any],
        start: datetime | None,
        context: Context,
        skipped: list[Any],
    ) -> None:
        span = moments.offset(message.get("offset"))
        if span is None:
            self._warn(f"schedule {schedule.get('name')!r}: {message.get('offset')!r} is not an offset like '2 weeks'")
            return
        due = None if start is None else moments.add(start, span)
        if due is not None:
            due = moments.on_day(moments.at_time(due, message.get("send_time")), message.get("send_day"))
        if (due is not None and due < self._state.now()) or not self._messages.template(doc, message):
            if not js.truthy(schedule.get("start_mid_group")):
                skipped.append(message.get("group"))
            return
        try:
            task = self._task(doc, schedule, message, due, context)
        except (TemplateError, TypeError, ValueError) as fault:
            add_error(doc, "parse_error", f"{fault}: {js.string(message.get('message'))}")
            return
        doc.setdefault("scheduled_tasks", []).append(task)

    def _task(
        self, doc: Doc, schedule: Mapping[str, Any], message: Mapping[str, Any], due: datetime | None, context: Context
    ) -> Doc:
        about = {
            "group": message.get("group"),
            "type": schedule.get("name"),
            "translation_key": schedule.get("translation_key"),
            "message_key": message.get("translation_key"),
            "recipient": message.get("recipient"),
        }
        task: Doc = {"due": None if due is None else iso(due)}
        task |= {key: value for key, value in about.items() if value is not None}
        if not js.truthy(message.get("translation_key")):
            task["messages"] = self._messages.generate(doc, message, message.get("recipient"), context)
        allowed = outgoing_allowed(self._state.settings, doc.get("from"))
        muted = _is_muted(context.patient if context.patient else context.place)
        set_task_state(task, "denied" if not allowed else "muted" if muted else "scheduled", now=self._state.now())
        return task

    def silence(self, report: Doc, configuration: Mapping[str, Any], registrations: Sequence[Doc]) -> None:
        """Clear reminders of other registrations: all of `silence_type`, or their groups due within `silence_for`.

        Saves each registration. Raises SaveConflict, as the real CHT fails, if it was saved meanwhile.
        """
        types = configuration.get("silence_type")
        if not isinstance(types, str) or not types:
            return
        for registration in registrations:
            if registration["_id"] != report["_id"]:
                self._silence_one(registration, report, [name.strip() for name in types.split(",")], configuration)

    def _silence_one(
        self, registration: Doc, report: Doc, types: Sequence[str], configuration: Mapping[str, Any]
    ) -> None:
        tasks = [task for task in _entries(registration.get("scheduled_tasks")) if task.get("type") in types]
        if js.truthy(configuration.get("silence_for")):
            until = _silent_until(report, configuration["silence_for"])
            groups = [(task.get("group"), task.get("type")) for task in tasks if self._is_due_by(task, until)]
            tasks = [task for task in tasks if (task.get("group"), task.get("type")) in groups]
        clearable = [task for task in tasks if task.get("state") in CLEARABLE]
        for task in clearable:
            set_task_state(task, "cleared", now=self._state.now())
            task["cleared_by"] = report["_id"]
        if clearable:
            save_changed(self._state, registration)

    def _is_due_by(self, task: Doc, until: datetime | None) -> bool:
        """Whether a task is due by `until`. A task without a date is due now, one with an invalid date never."""
        due = moments.read(task["due"]) if "due" in task else self._state.now()
        return due is not None and until is not None and due <= until


def save_changed(state: State, doc: Doc) -> None:
    """Save another document that a transition changed. Raises SaveConflict."""
    try:
        doc["_rev"] = state.save(doc)
    except Conflict:
        about = {"id": doc["_id"], "error": "conflict", "reason": "Document update conflict.", "docId": doc["_id"]}
        raise SaveConflict(js.dumps(about)) from None


def next_times(doc: Doc, now: datetime) -> dict[str, int]:
    """The time until the first reminder in each unit: the template variable `next_msg`."""
    tasks = _entries(doc.get("scheduled_tasks"))
    due = (moments.read(tasks[0].get("due")) if tasks else None) or now
    seconds = (due - now).total_seconds()
    months = int(seconds / 86_400 / 30.4375)
    units = {"minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
    return {unit: int(seconds / size) for unit, size in units.items()} | {"months": months, "years": int(months / 12)}


def _start(doc: Doc, start_from: Any) -> Any:
    """The value from which a schedule counts, or None."""
    paths = start_from if isinstance(start_from, list) else [start_from]
    values = (get_path(doc, str(path)) for path in paths)
    return next((value for value in values if value is not UNDEFINED), None)


def _has_schedule(doc: Doc, name: str) -> bool:
    tasks = (*_entries(doc.get("scheduled_tasks")), *_entries(doc.get("tasks")))
    return any(task.get("name") == name for task in tasks)


def _entries(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _is_muted(contact: Doc | None) -> bool:
    at: Any = contact
    while isinstance(at, Mapping):
        if at.get("muted"):
            return True
        at = at.get("parent")
    return False


def _silent_until(report: Doc, span: Any) -> datetime | None:
    """The end of the silence; an invalid span has no length. None for a report without a date."""
    reported, parsed = moments.read(report.get("reported_date")), moments.offset(span)
    return reported if reported is None or parsed is None else moments.add(reported, parsed)
