"""Control routes for outgoing texts: the tasks of documents, what is handed out next, and messages by hand."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import BadRequest, Conflict, NotFound

from fakes.cht.control.task_json import about, find_task, is_scheduled_task, kind_of, tasks_of
from fakes.cht.couch.documents import Doc
from fakes.cht.javascript.dates import iso
from fakes.cht.messages.user_message import message_document
from fakes.cht.messaging.messaging import outgoing_service
from fakes.cht.sentinel.due_tasks import within_hours
from fakes.cht.service import Cht
from fakes.clock import format_moment, parse_moment
from fakes.serving.json_fields import query_number, typed_fields

SERVICES = ("medic-gateway", "rapidpro", "africas-talking")


def add_task_routes(routes: Blueprint, service: Cht) -> None:
    """Add `/tasks`, `/next` and `/messages`."""
    state = service.state

    @routes.get("/tasks")
    def tasks() -> Response:
        """The documents with tasks, in the order of their last change. `scheduled`: a reminder that waits to be due.

        `due`: when a scheduled task is due. `text` of one whose text is made when it is due: the translation key.

        Query: after=NUMBER (only documents that have changed since), limit=NUMBER (only the first so many of these)

        Answer: {"documents": [{"id", "kind": "message", "report", "text" or the type of a contact, "about": sentence,
        "tasks": [{"id", "message": uuid or null, "to", "text", "state", "due": ISO time or null, "scheduled": true or
        false, "history": [{"state", "at": ISO time, "details"}, ...]}, ...]}, ...], "gone": [id of a document that was
        deleted since, ...], "last": number to go on from}
        """
        return jsonify(_changed_documents(service, query_number("after") or 0, query_number("limit")))

    @routes.get("/next")
    def next_texts() -> Response:
        """What CHT would hand out next, without changing anything: to gateway phones, or in its own next pass.

        `service`: medic-gateway (gateway phones), rapidpro, africas-talking, or null if the settings name nobody.

        Answer: {"service": name or null, "texts": [{"id", "to", "content"}, ...]}
        """
        with state.lock:
            name = outgoing_service(state.settings)
            known = isinstance(name, str) and name in SERVICES
            texts = service.messaging.gateway_messages(service.messaging.waiting()) if known else []
        return jsonify(service=name if known else None, texts=texts)

    @routes.post("/messages")
    def write_message() -> tuple[Response, int]:
        """A user writes a message in the app: a document with one task, pending at once or scheduled for a time.

        Body: {"number": phone number, "text": text, "due": ISO time or null}

        Answer: {"document": id, "task": a task as above}
        """
        doc = _message(service, typed_fields({"number": (str,), "text": (str,), "due": (str, type(None))}))
        state.save(doc)
        return jsonify(document=doc["_id"], task=tasks_of(doc)[0]), 201

    @routes.post("/tasks/<path:task>/due")
    def make_due(task: str) -> Response:
        """Make a scheduled task due now: its date is changed, and sentinel runs its schedules. `task` as in /tasks.

        Answer: {"document": id, "task": the task as above, "waits": why it is still scheduled, or null}
        """
        doc_id = _set_due(service, task)
        service.background.run("schedules")
        found = next((one for one in tasks_of(state.get(doc_id) or {}) if one["id"] == task), None)
        waits = found is not None and found["state"] == "scheduled"
        return jsonify(document=doc_id, task=found, waits=_why_scheduled(service) if waits else None)


def _changed_documents(service: Cht, after: int, limit: int | None) -> dict[str, Any]:
    documents: list[dict[str, Any]] = []
    gone: list[str] = []
    with service.state.lock:
        docs, last = service.state.docs, after
        for number, doc_id in docs.changed_after(after):
            if len(documents) == limit:
                break
            last, doc = number, docs.get(doc_id)
            if doc is None:
                gone.append(doc_id)
            elif listed := tasks_of(doc):
                documents.append({"id": doc_id, "kind": kind_of(doc), "about": about(doc), "tasks": listed})
    return {"documents": documents, "gone": gone if after else [], "last": last}


def _message(service: Cht, body: dict[str, Any]) -> Doc:
    for name, meaning in (("number", "whom the text is for"), ("text", "what is sent")):
        if not str(body.get(name) or "").strip():
            raise BadRequest(f"{name}: expected a text that is not empty ({meaning}), got {body.get(name)!r}")
    now, texts = service.state.now(), [(body["number"].strip(), body["text"])]
    try:
        due = None if body.get("due") is None else parse_moment(body["due"])
    except ValueError as problem:
        raise BadRequest(f"due: {problem}") from None
    id_ = service.state.new_uuid()
    return message_document(id_, texts, due or now, scheduled=due is not None, written=now)


def _set_due(service: Cht, task_id: str) -> str:
    """Change the date of a scheduled task to now, as an administrator can in the document. Returns its id."""
    state = service.state
    with state.lock:
        doc = state.get(task_id.rpartition(":")[0]) or {}
        task = find_task(doc, task_id)
        if task is None:
            raise NotFound(f"there is no task {task_id[:80]!r}: GET /cht/tasks lists them")
        if not is_scheduled_task(task_id) or task.get("state") != "scheduled":
            raise Conflict(f"only a scheduled task can be made due; the state of this one is {task.get('state')!r}")
        task["due"] = iso(state.now())
        state.save(doc)
        return str(doc["_id"])


def _why_scheduled(service: Cht) -> str:
    now = service.state.now()
    if not within_hours(service.state.settings, now):
        return (
            f"it is {format_moment(now)}: due tasks become pending only between schedule_morning_hours and "
            "schedule_evening_hours of the settings, in UTC"
        )
    return "sentinel's run left it: it has no text, or another document has stopped the run; the ledger says which"
