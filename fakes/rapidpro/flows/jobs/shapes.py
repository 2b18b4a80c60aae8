"""Events of a stretch in the shapes of the recordings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from fakes.rapidpro.flows.engine import Contact, Event, Session, Workspace
from fakes.rapidpro.flows.engine.calls.client import Exchange
from fakes.rapidpro.flows.engine.state.session import Result

Json = dict[str, Any]
NOTES = ("error", "warning", "failure")


def outputs(events: Iterable[Event], workspace: Workspace, usual_urn: str) -> list[Json]:
    """The messages to the contact. URN and channel are shown only if they are not the usual ones."""
    usual_channel = workspace.channels[0].uuid if workspace.channels else None
    return [_message(one.values, workspace, usual_urn, usual_channel) for one in events if one.type == "msg_created"]


def _message(values: Mapping[str, Any], workspace: Workspace, usual_urn: str, usual_channel: str | None) -> Json:
    shown: Json = {"text": values["text"]}
    for name in ("attachments", "quick_replies", "unsendable", "templating"):
        if values[name]:
            shown[name] = values[name]
    if values["urn"] != (usual_urn or None):
        shown["urn"] = values["urn"]
    if values["channel"] != usual_channel:
        channel = workspace.channel(values["channel"]) if values["channel"] else None
        shown["channel"] = None if channel is None else channel.name
    return shown


def effects(events: Iterable[Event]) -> list[Json]:
    """Other things that happened."""
    return [one for event in events for one in _effects(event)]


def _effects(event: Event) -> list[Json]:
    kind, values = event.type, event.values
    if kind in _PLAIN:
        return [{name: values[source] for name, source in _PLAIN[kind].items()}]
    if kind == "contact_field_changed":
        return [_field(values)]
    if kind == "contact_groups_changed":
        return [{f"groups_{name}": values[name]} for name in ("added", "removed") if values[name]]
    if kind == "broadcast_created":
        return [_without_empty({"broadcast": values["texts"], **_others(values)}, values, "attachments")]
    if kind == "session_triggered":
        return [
            _without_empty({"session_started": values["flow"]["name"], **_others(values)}, values, "create_contact")
        ]
    return []


_PLAIN: Mapping[str, Mapping[str, str]] = {
    "contact_name_changed": {"name": "name"},
    "contact_language_changed": {"language": "language"},
    "contact_status_changed": {"status": "status"},
    "contact_timezone_changed": {"timezone": "timezone"},
    "contact_urns_changed": {"urns": "urns"},
    "input_labels_added": {"labels_added": "labels"},
    "email_sent": {"email_to": "to", "subject": "subject", "body": "body"},
    "ticket_opened": {"ticket": "topic", "note": "note"},
    "ticket_note_added": {"ticket_note": "note"},
    "resthook_called": {"resthook": "resthook"},
}


def _field(values: Mapping[str, Any]) -> Json:
    value = values["value"]
    if value is None:
        return {"field": values["field"], "value": None}
    shown: Json = {"field": values["field"], "value": value.text}
    if value.number is not None:
        shown["number"] = plain_number(value.number)
    if value.datetime is not None:
        shown["datetime"] = value.datetime
    return shown


def plain_number(number: Decimal) -> int | float:
    """A number as JSON writes it."""
    return int(number) if number == number.to_integral_value() else float(number)


def _others(values: Mapping[str, Any]) -> Json:
    names = {kind: [one["name"] for one in values[kind]] for kind in ("groups", "contacts")}
    return {"groups": names["groups"], "urns": values["urns"], "contacts": names["contacts"]}


def _without_empty(shown: Json, values: Mapping[str, Any], *names: str) -> Json:
    return shown | {name: values[name] for name in ("query", *names) if values[name]}


def webhooks(events: Iterable[Event], given: list[Mapping[str, Any]]) -> list[Json]:
    """The calls. `given`: the answers to all requests of the stretch, in order; they are taken from the list."""
    shown = []
    for event in events:
        if event.type == "webhook_called":
            count = len(event.values["exchanges"])
            shown.append(_call(event.values, given[:count]))
            del given[:count]
    return shown


def _call(values: Mapping[str, Any], given: list[Mapping[str, Any]]) -> Json:
    request = values["request"]
    shown: Json = {name: values[name] for name in ("url", "status", "status_code", "retries")}
    if values["resthook"]:
        shown["resthook"] = values["resthook"]
    shown |= {"method": request.method, "headers": dict(request.headers), "body": request.body}
    if given:
        shown["answer"] = _answer(given[-1])
    if len(given) > 1:
        shown["requests"] = [_request(one, answer) for one, answer in zip(values["exchanges"], given, strict=True)]
    return shown


def _request(exchange: Exchange, answer: Mapping[str, Any]) -> Json:
    one = exchange.request
    return {
        "method": one.method, "url": one.url, "headers": dict(one.headers), "body": one.body, "answer": _answer(answer),
    }  # fmt: skip


def _answer(given: Mapping[str, Any]) -> Json:
    if given.get("error"):
        return {"error": given["error"]}
    return {"status": given["status"], **{k: v for k, v in given.items() if k not in ("status", "error") and v}}


def path(events: Iterable[Event], session: Session) -> list[Any]:
    """The nodes that each run entered, for the runs that moved."""
    entered: dict[int, list[str]] = {}
    for event in events:
        if event.type == "node_entered" and event.run is not None:
            entered.setdefault(event.run, []).append(event.node_uuid)
    return [[run + 1, session.runs[run].flow_name, nodes] for run, nodes in sorted(entered.items())]


def wait(events: Iterable[Event]) -> Json | None:
    """What the stretch ended in."""
    found = next((one.values for one in events if one.type == "msg_wait"), None)
    if found is None:
        return None
    shown: Json = {"wait": found["wait"]}
    if found["seconds"] is not None:
        shown["timeout"] = found["seconds"]
    if found["hint"] is not None:
        shown["hint"] = found["hint"].get("type")
    return shown


def errors(events: Iterable[Event]) -> list[Json]:
    """Errors, warnings and failures."""
    return [{one.type: one.values["text"]} for one in events if one.type in NOTES]


def runs(session: Session) -> list[Json]:
    """All runs with their results."""
    return [
        {
            "flow": run.flow_name,
            "status": run.status,
            "results": {key: _result(one) for key, one in run.results.items()},
        }
        for run in session.runs
    ]


def _result(result: Result) -> Json:
    shown = {
        "name": result.name,
        "value": result.value,
        "category": result.category,
        "category_localized": result.category_localized,
        "input": result.input,
        "extra": None if result.extra is None else json.loads(result.extra),
        "node_uuid": result.node_uuid,
    }
    return {name: value for name, value in shown.items() if value not in (None, "") or name == "value"}


def contact_after(contact: Contact, workspace: Workspace) -> Json:
    """The contact at the end."""
    groups = (workspace.group(uuid) for uuid in contact.groups)
    return {
        "name": contact.name,
        "language": contact.language or None,
        "status": contact.status,
        "timezone": contact.timezone or None,
        "urns": [one.identity for one in contact.urns],
        "groups": sorted(group.name for group in groups if group is not None),
        "fields": {key: value.text for key, value in contact.fields.items()},
    }
