"""Control routes for flows: importing bundles, the built-in flows, and what a person's sessions did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug.exceptions import BadRequest, NotFound

from fakes.rapidpro.flows.built_in import SEND_FLOW, text_flow
from fakes.rapidpro.flows.bundles.reading import Bundle, read_bundle
from fakes.rapidpro.flows.engine import Session, flow_json
from fakes.rapidpro.flows.webhook import changed
from fakes.rapidpro.mailroom.mailroom import Mailroom
from fakes.serving.json_fields import json_body, typed_fields


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

    Answer: {"flows": [{"uuid", "name", "type", "nodes": number, "archived": true or false}, ...],
    "triggers": [as of the import], "missing": {kind: [name, ...]}}
    """
    return mailroom.imported_flows()


def show_flow(mailroom: Mailroom, uuid: str) -> Any:
    """One flow, for a drawing of it: its definition as it was imported, and who stands at which node.

    A flow of an old export, which has no nodes, is shown as the engine reads it.

    Answer: {"definition": {"uuid", "name", "nodes", "_ui", ...}, "sessions": {node uuid: [number, ...], ...}}
    """
    with mailroom.lock:
        definition = mailroom.library.definition(uuid)
        flows = mailroom.library.flows()
        flow = None if definition is None else flows.find(uuid) or flows.find(str(definition.get("uuid")))
        sessions = [] if definition is None else mailroom.sessions.all_waiting()
    if definition is None or flow is None:
        raise NotFound(f"there is no flow {uuid[:60]!r} with a definition: GET /rapidpro/flows lists them")
    shown = definition if "nodes" in definition else {**flow_json(flow), "_ui": {"nodes": _old_places(definition)}}
    return {"definition": shown, "sessions": _places(sessions, flow.uuid)}


def archive_flow(mailroom: Mailroom, uuid: str) -> Any:
    """A person archives a flow: its triggers are gone, and sessions that wait in it end. The API can still start it.

    Answer: {"uuid", "archived": true, "triggers": number of triggers that are gone, "interrupted": number of sessions}
    """
    found = mailroom.archive_flow(uuid)
    if found is None:
        raise NotFound(f"there is no imported flow {uuid[:60]!r}: GET /rapidpro/flows lists them")
    return found


def _places(sessions: Iterable[Session], flow: str) -> dict[str, list[str]]:
    """By node: who stands there. In a flow that has entered another one, that is the node that entered it."""
    found: dict[str, list[str]] = {}
    for session in sessions:
        for run in session.runs:
            if run.is_open and run.flow_uuid == flow and run.path:
                number = next((urn.path for urn in session.contact.urns), session.contact.uuid)
                found.setdefault(run.path[-1].node_uuid, []).append(number)
    return found


def _old_places(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Where the parts of an old flow are drawn. Source: goflow flows/definition/legacy (the migrated `_ui`)."""
    parts = [*definition.get("action_sets", ()), *definition.get("rule_sets", ())]
    return {one["uuid"]: {"position": {"left": one.get("x", 0), "top": one.get("y", 0)}} for one in parts}


def show_sessions(mailroom: Mailroom, number: str) -> Any:
    """What the sessions of the person with that number did, oldest first.

    Answer: {"number", "contact": uuid or null, "waits": true or false, "sessions": [{"session": uuid,
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
        return {
            "number": known,
            "contact": None if contact is None else contact.uuid,
            "waits": contact is not None and mailroom.sessions.waiting(contact) is not None,
            "sessions": [] if contact is None else mailroom.sessions.history.sessions_of(contact),
        }


def show_webhook(mailroom: Mailroom) -> Any:
    """What the catch-all flow does with a text.

    Answer: {"url", "token", "accept", "headers", "omit", "body", "reply_on_failure", "retry"}
    """
    with mailroom.lock:
        return mailroom.incoming.webhook.as_json()


def change_webhook(mailroom: Mailroom) -> Any:
    """Change where and how texts are delivered. `url` null: there is no flow, texts stay in the inbox.

    Body: {"url": text or null, "token": text or null, "accept": true or false, "headers": {name: text},
    "omit": list of parts (id, from, content), "body": template or null, "reply_on_failure": template or null,
    "retry": true or false}, any of these

    Answer: {all settings}
    """
    body = json_body()
    with mailroom.lock:
        mailroom.incoming.webhook = changed(mailroom.incoming.webhook, body)
        return mailroom.incoming.webhook.as_json()


def change_flow(mailroom: Mailroom) -> Any:
    """Create a flow for the API to start, or change the text it sends. A flow start needs its uuid.

    Body: {"says": template such as "@trigger.params.content"}

    Answer: {"uuid": text, "name": text, "says": template}
    """
    body = typed_fields({"says": (str,)})
    if "says" not in body:
        raise BadRequest('says is missing: a template such as "@trigger.params.content"')
    with mailroom.lock:
        records, now = mailroom.records, mailroom.runtime.clock.now()
        workspace = records.workspaces()[0]
        records.catch_all_flow(workspace, now)  # the first flow, as before this one
        known = next((one for one in mailroom.library.imported() if one.name == SEND_FLOW), None)
        uuid = known.uuid if known is not None else str(records.new_uuid())
        mailroom.import_flows(Bundle((text_flow(body["says"], uuid, SEND_FLOW),)))
        return {"uuid": uuid, "name": SEND_FLOW, "says": body["says"]}
