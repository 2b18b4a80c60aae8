"""Control routes for phones: who has one, what was sent and received, and a person who sends a text."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest

from fakes.rapidpro.mailroom.mailroom import Mailroom
from fakes.serving.json_fields import query_number, typed_fields

LONGEST_NAME = 64
"""Characters of a contact's name (rapidpro temba/api/v2/serializers.py, ContactWriteSerializer)."""


def show_phones(mailroom: Mailroom) -> Any:
    """The phones that have sent or received a text, or were given a name.

    Query: texts=yes (also the texts of each, and the names), after=NUMBER (only newer texts), limit=NUMBER (only the
    first so many of these, whosever they are)

    Answer: {"phones": [number, ...], "texts": {number: [texts as below], ...}, "names": {number: name, ...},
    "last": number to go on from}
    """
    after, limit = query_number("after"), query_number("limit")
    with mailroom.lock:
        numbers = mailroom.phones.numbers()
        if "texts" not in request.args:
            return {"phones": numbers}
        found = mailroom.phones.after(after or 0, limit)
        texts: dict[str, list[dict[str, Any]]] = {} if after else {number: [] for number in numbers}
        for number, entry in found:
            texts.setdefault(number, []).append(entry.as_json())
        names = {number: contact.name for number in numbers if (contact := _contact(mailroom, number)) and contact.name}
    return {"phones": numbers, "texts": texts, "names": names, "last": found[-1][1].place if found else after or 0}


def show_texts(mailroom: Mailroom, number: str) -> Any:
    """What a phone sent and received, in order.

    Query: after=NUMBER (only newer texts), limit=NUMBER (only the first so many of these)

    Answer: {"texts": [{"at": ISO time, "direction": "sent" or "received", "text", "message_id": number or null,
    "segments": number}, ...], "last": number to go on from}
    """
    after, limit = query_number("after") or 0, query_number("limit")
    known = mailroom.incoming.number(number)
    with mailroom.lock:
        found = [entry for _, entry in mailroom.phones.after(after, limit, known)]
    return {"texts": [entry.as_json() for entry in found], "last": found[-1].place if found else after}


def name_phone(mailroom: Mailroom, number: str) -> Any:
    """Give the phone's owner a name: that of the contact, who is created if nobody has this number.

    Body: {"name": text of at most 64 characters, or null for none}

    Answer: {"number", "name": text or null, "contact": uuid}
    """
    body = typed_fields({"name": (str, type(None))})
    name = body.get("name")
    if "name" not in body or (name is not None and not 0 < len(name.strip()) <= LONGEST_NAME):
        raise BadRequest(f"name: expected a text of 1 to {LONGEST_NAME} characters, or null, got {str(name)[:80]!r}")
    known = mailroom.incoming.number(number)
    with mailroom.lock:
        workspace = next(iter(mailroom.records.workspaces()), None)
        if workspace is None:
            raise BadRequest("there is no workspace: seed one first")
        contact = mailroom.dispatcher.contact_of(workspace, f"tel:{known}")
        mailroom.records.change_contact(
            contact, mailroom.runtime.clock.now(), name=None if name is None else name.strip()
        )
        mailroom.phones.add(known)
        return {"number": known, "name": contact.name, "contact": contact.uuid}


def _contact(mailroom: Mailroom, number: str) -> Any:
    workspace = next(iter(mailroom.records.workspaces()), None)
    return None if workspace is None else mailroom.records.contact_by_urn(workspace, f"tel:{number}")


def receive(mailroom: Mailroom, number: str) -> Any:
    """A person sends a text, and RapidPro delivers it; or, with `again`, the phone's last text is redelivered.

    Body: {"text": text, "external_id": text (the aggregator's id), "again": true, false or "new_run"}

    Answer: {"message": number or null, "text": the text as stored, "run": uuid of the flow's run, "webhook": the last
    of "calls" or null, "calls": [{"url", "status": number or 0, "body", "error": text or null}, ...], "reply": the last
    of "replies" or null, "replies": [{"message": number, "text", "status"}, ...], "waits": whether the flow waits for
    the next text, "errors": [sentence, ...], "duplicate": true or false, "ignored": why, or null}
    """
    body = typed_fields({"text": (str,), "external_id": (str,), "again": (bool, str)})
    again = body.get("again", False)
    if again not in (True, False, "new_run"):
        raise BadRequest('again must be true, false or "new_run"')
    known = mailroom.incoming.number(number)
    if again:
        return mailroom.incoming.redeliver(known, new_run=again == "new_run")
    if "text" not in body:
        raise BadRequest("text is missing: what does the person send?")
    return mailroom.incoming.receive(known, body["text"], body.get("external_id"))
