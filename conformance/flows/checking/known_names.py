"""The properties of the names that flows know, as the engine itself makes them for a sample session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache

from fakes.rapidpro.flows.engine import Contact, Input, Session, Trigger, Workspace
from fakes.rapidpro.flows.engine.context.root import root_context
from fakes.rapidpro.flows.engine.definitions import Exit, Flow, Node
from fakes.rapidpro.flows.engine.state.session import Run

OPEN = frozenset({"results", "fields", "globals", "webhook", "legacy_extra", "locals", "ticket"})
"""Names whose properties depend on the flow, on the workspace, or on answers."""


@cache
def properties(generation: str) -> Mapping[str, frozenset[str]]:
    """The properties of each top-level name, in lower case."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    node, contact = Node("n", (), None, (Exit("e"),)), Contact("c")
    flow = Flow("f", "Sample", "messaging", "eng", (node,), "13.2.0")
    runs = [Run("r", "f", "Sample", None, at), Run("s", "f", "Sample", 0, at), Run("t", "f", "Sample", 1, at)]
    session = Session("u", "messaging", Trigger("msg"), contact, runs=runs, resume="msg")
    session.input = Input("i", "text", "tel:+254700000001", at)
    names = root_context(session, runs[1], node, {"f": flow}, None, Workspace(), new=generation == "new")
    found = {}
    for name, make in names.items():
        value = make() if callable(make) and name not in OPEN else None
        if isinstance(value, Mapping):
            found[name] = frozenset(str(key).lower() for key in value)
    return found
