"""Runs and their results in expressions. Source: goflow flows/engine/run.go, summary.go, core/result.go."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fakes.rapidpro.flows.engine.context.contact import contact_context, display_name, fields_context, urns_context
from fakes.rapidpro.flows.engine.definitions.model import Flow, Node
from fakes.rapidpro.flows.engine.state.contact import Contact
from fakes.rapidpro.flows.engine.state.session import Result, Run
from fakes.rapidpro.flows.engine.state.workspace import Workspace
from fakes.rapidpro.flows.expressions.values import ErrorValue

MAX_NUMBER = 400
"""The largest exponent of a number in an answer; beyond it the number is an error."""


def json_value(text: str | None) -> Any:
    """JSON text as a value for expressions, numbers with all their digits; None without one."""
    if text is None:
        return None
    return json.loads(text, parse_float=_number, parse_int=_number)


def _number(digits: str) -> Any:
    number = Decimal(digits)
    return number if abs(number.adjusted()) <= MAX_NUMBER else ErrorValue("number value out of range")


def result_context(result: Result, *, new: bool) -> dict[str, Any]:
    """One result; its default is its value."""
    localized = result.category_localized or result.category
    lists = {"values": [result.value], "categories": [result.category], "categories_localized": [localized]}
    return {
        **({} if new else lists),
        "__default__": result.value,
        "name": result.name,
        "value": result.value,
        "category": result.category,
        "category_localized": localized,
        "input": result.input,
        "extra": json_value(result.extra),
        "node_uuid": result.node_uuid,
        "created_on": result.created_on,
    }


def results_context(results: Mapping[str, Result], *, new: bool) -> dict[str, Any]:
    """All results by key; the default lists their names and values."""
    lines = sorted(f"{one.name}: {one.value}" for one in results.values())
    return {"__default__": "\n".join(lines), **{key: result_context(one, new=new) for key, one in results.items()}}


def flow_context(flow: Flow | None) -> dict[str, Any] | None:
    """A flow; its default is its name."""
    if flow is None:
        return None
    return {"__default__": flow.name, "uuid": flow.uuid, "name": flow.name, "revision": flow.revision}


def summary_text(contact: Contact | None, workspace: Workspace, flow: Flow | None) -> str:
    """A run as text: `Amina@Registration`."""
    who = "<nocontact>" if contact is None else display_name(contact, workspace)
    return f"{who}@{'<missing>' if flow is None else flow.name}"


def run_context(run: Run, flow: Flow | None, contact: Contact, workspace: Workspace, *, new: bool) -> dict[str, Any]:
    """`@run`."""
    return {
        "__default__": summary_text(contact, workspace, flow),
        "uuid": run.uuid,
        "contact": lambda: contact_context(contact, workspace, new=new),
        "flow": flow_context(flow),
        "status": run.status,
        **({"locals": dict(run.locals)} if new else {}),
        "results": lambda: results_context(run.results, new=new),
        "path": path_context(run, new=new),
        "created_on": run.created_on,
        "exited_on": run.exited_on,
    }


def path_context(run: Run, *, new: bool) -> list[dict[str, Any]]:
    """The nodes that a run entered."""
    return [
        {
            "node_uuid": step.node_uuid,
            "arrived_on": step.arrived_on,
            **({} if new else {"uuid": step.uuid, "exit_uuid": step.exit_uuid}),
        }
        for step in run.path
    ]


def related_context(
    uuid: str, status: str, flow: Flow | None, contact: Contact | None, results: Mapping[str, Result],
    workspace: Workspace, *, new: bool,
) -> dict[str, Any]:  # fmt: skip
    """`@child` and `@parent`."""
    warning = {"__deprecated__": {"status": "@child.run.status is deprecated, use @child.status instead"}}
    old: dict[str, Any] = {"status": status, **(warning if new else {})}
    return {
        "__default__": summary_text(contact, workspace, flow),
        "uuid": uuid,
        "contact": None if contact is None else lambda: contact_context(contact, workspace, new=new),
        "flow": flow_context(flow),
        "urns": None if contact is None else urns_context(contact, workspace),
        "fields": None if contact is None else fields_context(contact, workspace),
        "results": lambda: results_context(results, new=new),
        "status": status,
        "run": old,
    }


def node_context(run: Run, node: Node, *, new: bool) -> dict[str, Any]:
    """`@node`."""
    names = [one.name for one in node.router.categories] if node.router is not None else []
    return {
        "uuid": node.uuid,
        **({"categories": names} if new else {}),
        "visit_count": sum(1 for step in run.path if step.node_uuid == node.uuid),
    }
