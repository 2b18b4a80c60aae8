"""`call_resthook`. Source: goflow flows/actions/call_resthook.go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.rapidpro.flows.engine.actions.webhooks import note_call, save_result, shown_call, status_of
from fakes.rapidpro.flows.engine.calls.client import Call, make_call
from fakes.rapidpro.flows.engine.calls.exchange import Request
from fakes.rapidpro.flows.engine.context.contact import contact_context
from fakes.rapidpro.flows.engine.context.runs import flow_context, path_context, result_context
from fakes.rapidpro.flows.engine.context.sources import input_context
from fakes.rapidpro.flows.engine.definitions import Action
from fakes.rapidpro.flows.engine.state.session import Run
from fakes.rapidpro.flows.engine.work import results
from fakes.rapidpro.flows.engine.work.stretch import Stretch
from fakes.rapidpro.flows.engine.work.templates import environment
from fakes.rapidpro.flows.expressions.conversion import from_json
from fakes.rapidpro.flows.expressions.functions_urn import attachment_parts, display_urn
from fakes.rapidpro.flows.expressions.json_text import to_json

_OF_CONTACT = ("uuid", "name", "urn", "language")
_OF_RESULT = ("category", "category_localized", "created_on", "input", "name", "node_uuid", "value")
_OF_INPUT = ("channel", "created_on", "text", "type", "uuid")


def call_resthook(action: Action, stretch: Stretch, run: Run) -> None:
    """Call all subscribers; one that failed makes the result, else the last that was reached."""
    if stretch.rules.is_new:
        run.webhook = None
    slug, name = action.text("resthook"), action.text("result_name")
    resthook = next((one for one in stretch.workspace.resthooks if one.slug == slug), None)
    if resthook is None:
        return
    body = to_json(from_json(_payload(stretch, run)))
    stretch.note("resthook_called", {"resthook": slug, "payload": body}, run)
    calls: list[tuple[str, Call, Request]] = []
    for url in resthook.subscribers:
        request = Request("POST", url, {"Content-Type": "application/json"}, body)
        call = make_call(request, stretch.around.send, stretch.rules)
        status = status_of(call, is_resthook=True)
        note_call(call, request, status, stretch, run, slug)
        calls.append((status, call, request))
    if calls:
        status, call, request = _picked(calls)
        run.webhook = shown_call(call, request, stretch)
        if name:
            save_result(name, run.webhook, status, stretch, run)
    elif name and not stretch.rules.is_new:
        results.save(stretch, run, name, "no subscribers", results.FAILURE)


def _picked(calls: list[tuple[str, Call, Request]]) -> tuple[str, Call, Request]:
    order = {"response_error": 0, "connection_error": 0, "success": 1, "subscriber_gone": 2}
    return min(reversed(calls), key=lambda one: order[one[0]])


def _payload(stretch: Stretch, run: Run) -> dict[str, Any]:
    new, workspace = stretch.rules.is_new, stretch.workspace
    contact = contact_context(stretch.session.contact, workspace, new=new)
    given = input_context(stretch.session.input, workspace, new=new)
    return {
        "contact": {name: contact[name] for name in _OF_CONTACT},
        "flow": flow_context(stretch.flow_of(run)),
        "path": path_context(run, new=new),
        "results": {key: _chosen(result_context(one, new=new), _OF_RESULT) for key, one in run.results.items()},
        "run": {"uuid": run.uuid, "created_on": run.created_on},
        "input": None if given is None else {**_chosen(given, _OF_INPUT), **_parts(given, stretch)},
        "channel": None if given is None else given["channel"],
    }


def _chosen(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values[name] for name in names}


def _parts(given: Mapping[str, Any], stretch: Stretch) -> dict[str, Any]:
    env = environment(stretch)
    urn = given["urn"]
    scheme, _, path = (urn or "").partition(":")
    return {
        "attachments": [attachment_parts(env, one) for one in given["attachments"]],
        "urn": None if urn is None else {"display": display_urn(urn), "path": path, "scheme": scheme},
    }
