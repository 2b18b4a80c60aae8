"""Control routes for flows: importing bundles, what was imported, and what a person's sessions did."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import BadRequest

from fakes.rapidpro.flows.bundles.reading import read_bundle
from fakes.rapidpro.mailroom.mailroom import Mailroom
from fakes.serving.json_fields import json_body


def import_bundle(mailroom: Mailroom) -> Any:
    """Import flows that RapidPro exported, with what an export does not hold: see flows.md.

    Body: {"version", "flows", "triggers", "fields", "groups", "globals": {key: text},
    "resthooks": {slug: [url, ...]}, "ignore_triggers": [flow, ...],
    "trigger": {"trigger_type": "K" or "C", "keywords": [text, ...]}}, or one flow

    Answer: {"flows": [{"uuid", "name", "type", "nodes": number}, ...], "triggers": [{"trigger_type", "kind", "flow",
    "groups", "exclude_groups", "channel"}, ...], "missing": {kind: [name, ...]}, "not_used": [sentence, ...]}
    """
    return mailroom.import_flows(read_bundle(json_body()))


def show_flows(mailroom: Mailroom) -> Any:
    """The imported flows and triggers, and what the flows need and the workspace lacks.

    Answer: {"flows": [as above], "triggers": [as above], "missing": {kind: [name, ...]}}
    """
    return mailroom.imported_flows()


def show_sessions(mailroom: Mailroom, number: str) -> Any:
    """What the sessions of the person with that number did, oldest first.

    Answer: {"number", "contact": uuid, "waits": true or false, "sessions": [{"session": uuid,
    "trigger": {"type", "keyword"}, "status", "runs": [{"uuid", "flow", "status",
    "results": {key: {"name", "value", "category"}}}, ...], "stretches": [{"at": ISO time,
    "cause": text, start, timeout or expiration, "text": text or null, "status",
    "steps": [{"run": uuid, "flow", "node": uuid, "type": actions and router of the node,
    "events": [{"type", ...}, ...]}, ...]}, ...]}, ...]}
    """
    known = mailroom.incoming.number(number)
    with mailroom.lock:
        workspace = next(iter(mailroom.records.workspaces()), None)
        contact = None if workspace is None else mailroom.records.contact_by_urn(workspace, f"tel:{known}")
        if contact is None:
            raise BadRequest(f"{known} is no contact here: it has sent and received nothing")
        return {
            "number": known,
            "contact": contact.uuid,
            "waits": mailroom.sessions.waiting(contact) is not None,
            "sessions": mailroom.sessions.history.sessions_of(contact),
        }
