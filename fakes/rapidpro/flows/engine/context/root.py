"""All top-level names. Each value is made when an expression asks for it.

Source: goflow flows/engine/run.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.rapidpro.flows.engine.context import contact as contacts
from fakes.rapidpro.flows.engine.context import runs, sources
from fakes.rapidpro.flows.engine.definitions.model import Flow, Node
from fakes.rapidpro.flows.engine.state.contact import Contact
from fakes.rapidpro.flows.engine.state.session import Run, Session
from fakes.rapidpro.flows.engine.state.summary import Summary
from fakes.rapidpro.flows.engine.state.workspace import Workspace


def root_context(
    session: Session, run: Run, node: Node | None, flows: Mapping[str, Flow | None], started_by: Summary | None,
    workspace: Workspace, *, new: bool,
) -> dict[str, Any]:  # fmt: skip
    """The names for one run. `flows`: the session's flows by UUID; `started_by`: the run that triggered the session."""
    contact = session.contact

    def related(other: Run | None) -> dict[str, Any] | None:
        if other is None:
            return None
        flow = flows.get(other.flow_uuid)
        return runs.related_context(other.uuid, other.status, flow, contact, other.results, workspace, new=new)

    def parent() -> dict[str, Any] | None:
        if run.parent is not None:
            return related(session.runs[run.parent])
        if started_by is None:
            return None
        flow, who = flows.get(started_by.flow_uuid), started_by.contact
        return runs.related_context(
            started_by.uuid, started_by.status, flow, who, started_by.results, workspace, new=new
        )

    own = session.runs.index(run)
    child = next((one for one in reversed(session.runs) if one.parent == own), None)
    return {
        "run": lambda: runs.run_context(run, flows.get(run.flow_uuid), contact, workspace, new=new),
        "child": lambda: related(child),
        "parent": parent,
        **_contact_names(contact, workspace, new=new),
        "results": lambda: runs.results_context(run.results, new=new),
        "trigger": lambda: sources.trigger_context(session.trigger, new=new),
        "resume": lambda: sources.resume_context(session.resume),
        "input": lambda: sources.input_context(session.input, workspace, new=new),
        "globals": lambda: sources.globals_context(workspace),
        "webhook": lambda: sources.webhook_context(run.webhook, new=new),
        "node": lambda: None if node is None else runs.node_context(run, node, new=new),
        "legacy_extra": lambda: run.legacy_extra,
        **({
            "locals": lambda: dict(run.locals),
            "__deprecated__": {"legacy_extra": "@legacy_extra is deprecated"},
        } if new else {}),
    }  # fmt: skip


def _contact_names(contact: Contact, workspace: Workspace, *, new: bool) -> dict[str, Any]:
    return {
        "contact": lambda: contacts.contact_context(contact, workspace, new=new),
        "fields": lambda: contacts.fields_context(contact, workspace),
        "urns": lambda: contacts.urns_context(contact, workspace),
        "ticket": lambda: contacts.ticket_context(contact, workspace),
    }
