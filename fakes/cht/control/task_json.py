"""Tasks of documents as the control API shows them. Documents of any shape are accepted: whoever saves them is free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fakes.cht.javascript import moments
from fakes.cht.sentinel.due_tasks import due_date
from fakes.clock import format_moment

SCHEDULED = "scheduled-"
LISTS = (("tasks", ""), ("scheduled_tasks", SCHEDULED))
"""Where a document has tasks, and how their numbers begin in the id of a task."""
LONGEST = 60
"""Characters of a text in a sentence about a document."""


def tasks_of(doc: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The messages of all tasks of a document, and the tasks without messages. Messages of one task share its id."""
    return [shown for id_, task, name in _tasks(doc) for shown in _shown(id_, task, doc, scheduled=name != "tasks")]


def find_task(doc: Mapping[str, Any], task_id: str) -> dict[str, Any] | None:
    """The task of that id in its document, or None."""
    return next((task for id_, task, _ in _tasks(doc) if id_ == task_id), None)


def is_scheduled_task(task_id: str) -> bool:
    """Whether the task of that id is one of the scheduled tasks of its document."""
    return task_id.rpartition(":")[2].startswith(SCHEDULED)


def _tasks(doc: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    for name, begins in LISTS:
        listed = doc.get(name)
        for number, task in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(task, dict):
                yield f"{doc['_id']}:{begins}{number}", task, name


def _shown(id_: str, task: Mapping[str, Any], doc: Mapping[str, Any], *, scheduled: bool) -> Iterator[dict[str, Any]]:
    messages = _mappings(task.get("messages"))
    due = due_date(task, doc) if scheduled else None
    later = {"to": task.get("recipient"), "message": task.get("message_key")}  # the text is made when it is due
    for message in messages or [later]:
        yield {
            "id": id_,
            "message": message.get("uuid"),
            "to": message.get("to"),
            "text": message.get("message"),
            "state": task.get("state"),
            "due": None if due is None else format_moment(due),
            "scheduled": scheduled,
            "history": [_entry(one) for one in _mappings(task.get("state_history"))],
        }


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    at = moments.read(entry.get("timestamp"))
    return {
        "state": entry.get("state"),
        "at": None if at is None else format_moment(at),
        "details": entry.get("state_details"),
    }


def kind_of(doc: Mapping[str, Any]) -> str:
    """message (written in the app), report (of a form), text (any other that came in), or the type of a contact."""
    if doc.get("type") != "data_record":
        return str(doc.get("contact_type") or doc.get("type") or "other")
    if doc.get("kujua_message") is True:
        return "message"
    return "report" if doc.get("form") else "text"


def about(doc: Mapping[str, Any]) -> str:
    """A sentence about a document: where it comes from."""
    kind, sender, came = kind_of(doc), doc.get("from"), doc.get("sms_message")
    text = came.get("message") if isinstance(came, Mapping) else None
    quoted = f": {str(text)[:LONGEST]}" if text else ""
    by = f" from {sender}" if sender else ""
    if kind == "message":
        return "a message that was written in the app"
    if kind == "report":
        return f"report {doc.get('form')}{by}{quoted}"
    return f"text{by}{quoted}" if kind == "text" else f"{kind} {doc.get('name') or doc.get('_id')}"


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
