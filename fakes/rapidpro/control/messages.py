"""Control routes for stored messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request

from fakes.clock import format_moment
from fakes.rapidpro.mailroom.mailroom import Mailroom
from fakes.rapidpro.urns import path_of
from fakes.serving.json_fields import query_number


def show_messages(mailroom: Mailroom) -> Any:
    """The stored messages, in both directions. `origin`: flow if a flow sent it, start if the API started that flow,
    else api. `sent_by`: the name of the API token with which it was sent, or null. `number`: the person's.

    Query: statuses=yes (also the statuses that were reported about each, with their times), number=PHONE (only the
    messages of this person), after=ID (only those with a greater id), changed=NUMBER (only those that are new or have
    changed since, in the order of their last change), limit=NUMBER (only the first so many)

    Answer: {"messages": [{"id": number, "number", "text", "status", "direction": "in" or "out", "origin", "sent_by",
    "failed_reason", "errors": number, "external_id", "created_on": ISO time, "sent_on": ISO time or null}, ...],
    "last": id to go on from, "changed": number to go on from}
    """
    after, changed, limit = query_number("after") or 0, query_number("changed"), query_number("limit")
    number = request.args.get("number")
    person = None if number is None else mailroom.incoming.number(number)
    with mailroom.lock:
        rows: list[dict[str, Any]] = []
        change = mailroom.records.message_changes if changed is None else changed
        for place, message in _messages(mailroom, changed):
            if len(rows) == limit:
                break
            change = place or change
            if message.id > after and person in (None, number_of(mailroom, message)):
                rows.append(_as_json(mailroom, message, statuses="statuses" in request.args))
    return {"messages": rows, "last": max((one["id"] for one in rows), default=after), "changed": change}


def _messages(mailroom: Mailroom, changed: int | None) -> Iterable[tuple[int, Any]]:
    """The messages that have changed since with the numbers of their changes; or all by id, without numbers."""
    if changed is None:
        return ((0, message) for message in mailroom.records.all_messages())
    return mailroom.records.messages_changed_after(changed)


def number_of(mailroom: Mailroom, message: Any) -> str:
    """The number of the person with whom the message was exchanged; "" if there is none any more."""
    if message.urn:
        return path_of(message.urn)
    contact = mailroom.courier.records.contact_of(message)
    return path_of(next(iter(contact.urns if contact is not None else ()), ""))


def _as_json(mailroom: Mailroom, message: Any, *, statuses: bool) -> dict[str, Any]:
    shown = {
        "id": message.id,
        "number": number_of(mailroom, message),
        "text": message.text,
        "status": message.status,
        "direction": message.direction,
        "origin": _origin(message),
        "sent_by": message.sent_by,
        "failed_reason": message.failed_reason,
        "errors": message.errors,
        "external_id": message.external_id,
        "created_on": format_moment(message.created_on),
        "sent_on": None if message.sent_on is None else format_moment(message.sent_on),
    }
    if statuses:
        shown["statuses"] = [{"status": status, "at": format_moment(at)} for status, at in message.statuses]
    return shown


def _origin(message: Any) -> str:
    if message.flow is None:
        return "api"
    return "flow" if message.sent_by is None else "start"
