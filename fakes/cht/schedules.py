"""Scheduled tasks that become due: when, within which hours, and what they turn into.

Source: cht-core sentinel/src/schedule/index.js, shared-libs/transitions/src/schedule/due_tasks.js: a run every five
minutes, only between the morning and the evening time of the settings, and never further back than seven days.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fakes.cht.documents import Doc
from fakes.cht.state import State
from fakes.cht.task_state import set_task_state

BACK = timedelta(days=7)


def within_hours(settings: Mapping[str, Any], now: datetime) -> bool:
    """Whether due messages may run now: by default all day but the hour before midnight. Server time is UTC here."""
    minute = now.hour * 60 + now.minute
    morning = _minutes(settings, "schedule_morning", 0)
    evening = _minutes(settings, "schedule_evening", 23)
    return morning <= minute <= evening


def _minutes(settings: Mapping[str, Any], name: str, hours: int) -> int:
    return _number(settings.get(f"{name}_hours"), hours) * 60 + _number(settings.get(f"{name}_minutes"), 0)


def _number(value: Any, default: int) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return default


def turn_pending(doc: Doc, now: datetime) -> bool:
    """Change the tasks of `doc` that are due; whether any was."""
    changed = False
    for task in doc.get("scheduled_tasks") or ():
        due = due_date(task, doc)
        if task.get("state") == "scheduled" and due is not None and now - BACK <= due <= now and _has_text(task):
            changed = set_task_state(task, "pending", now=now) or changed
    return changed


def due_date(task: Mapping[str, Any], doc: Mapping[str, Any]) -> datetime | None:
    """When a task is due: `due`, else `timestamp`, else when the document was reported; None if that is no time."""
    for value in (task.get("due"), task.get("timestamp"), doc.get("reported_date")):
        if value:
            return _moment(value)
    return None


def _moment(value: Any) -> datetime | None:
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000, UTC)
        moment = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _has_text(task: Mapping[str, Any]) -> bool:
    messages = task.get("messages") or ()
    return any(message.get("message") for message in messages if isinstance(message, Mapping))


class Schedules:
    """Remembers which documents have scheduled tasks, so that a run need not look at all of them."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._waiting: dict[str, None] = {}

    def changed(self, doc: Doc) -> None:
        """A document was saved."""
        waits = any(task.get("state") == "scheduled" for task in doc.get("scheduled_tasks") or ())
        if waits:
            self._waiting[doc["_id"]] = None
        else:
            self._waiting.pop(doc["_id"], None)

    def forget(self) -> None:
        """Begin anew."""
        self._waiting.clear()

    def run(self) -> None:
        """One run: what is due turns pending."""
        now = self._state.now()
        if not within_hours(self._state.settings, now):
            return
        with self._state.lock:
            for doc_id in list(self._waiting):
                doc = self._state.get(doc_id)
                if doc is not None and turn_pending(doc, now):
                    self._state.save(doc)
