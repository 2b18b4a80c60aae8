"""One flow as one generation reads it, with what rules ask of it again and again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from conformance.flows.bundle import Bundle
from conformance.flows.checking.expressions import Expression, Mention, expressions_in, mentions_in
from conformance.flows.checking.graph import Graph
from fakes.rapidpro.flows.engine import Flow, FlowStore, Refused
from fakes.rapidpro.flows.engine.definitions import Action, Node, Router
from fakes.rapidpro.flows.engine.result_keys import key_of

NO_TEMPLATES = frozenset({"result_name", "name", "category", "scheme", "method", "operation", "local", "output_local"})
"""Fields of actions whose text is taken as it is. A contact's name is a template; see `_texts_of`."""


@dataclass(frozen=True, slots=True)
class Used:
    """An expression with its place."""

    node: Node
    action: Action | None
    expression: Expression


@dataclass(frozen=True)
class Reading:
    """A flow. `globals`: the values that the caller gave; None if the caller gave none."""

    bundle: Bundle
    flows: FlowStore
    uuid: str
    globals: Mapping[str, str] | None = None
    refusal: str = ""
    _flow: Flow | None = field(default=None, repr=False)

    @property
    def generation(self) -> str:
        """`new` or `9`."""
        return self.flows.rules.generation

    @property
    def flow(self) -> Flow:
        """The flow. Only if it is not refused."""
        assert self._flow is not None, "a refused flow is not judged further"
        return self._flow

    @cached_property
    def graph(self) -> Graph:
        """The ways through the flow."""
        return Graph(self.flow)

    @cached_property
    def used(self) -> list[Used]:
        """All expressions of the flow, its translations too."""
        return list(self._used())

    def mentions(self) -> Iterator[tuple[Used, Mention]]:
        """All names that the flow uses."""
        for used in self.used:
            for mention in used.expression.mentions:
                yield used, mention

    def mentions_of(self, template: str) -> list[Mention]:
        """The names in one template."""
        return mentions_in(template, self.generation)

    def actions(self, *types: str) -> Iterator[tuple[Node, Action]]:
        """The actions of these types."""
        for node in self.flow.nodes:
            for action in node.actions:
                if action.type in types:
                    yield node, action

    @cached_property
    def results(self) -> frozenset[str]:
        """The keys of the results that something in the flow saves."""
        return results_of(self.flow)

    def _used(self) -> Iterator[Used]:
        for node in self.flow.nodes:
            for action in node.actions:
                for text in self._texts(action.uuid, texts_of(action)):
                    yield from (Used(node, action, one) for one in expressions_in(text, self.generation))
            if node.router is not None:
                for text in self._router_texts(node.router):
                    yield from (Used(node, None, one) for one in expressions_in(text, self.generation))

    def _router_texts(self, router: Router) -> Iterator[str]:
        yield router.operand
        for case in router.cases:
            yield from self._texts(case.uuid, case.arguments)

    def _texts(self, uuid: str, texts: Any) -> Iterator[str]:
        """The texts of an item, and those of its translations."""
        yield from texts
        for language in self.flow.localization.values():
            found = language.get(uuid) if isinstance(language, Mapping) else None
            for values in found.values() if isinstance(found, Mapping) else ():
                yield from (one for one in values if isinstance(one, str)) if isinstance(values, list) else ()


def read(bundle: Bundle, flows: FlowStore, uuid: str, known: Mapping[str, str] | None) -> Reading:
    """A flow of a bundle, or its refusal."""
    try:
        return Reading(bundle, flows, uuid, known, "", flows.get(uuid))
    except Refused as refusal:
        return Reading(bundle, flows, uuid, known, str(refusal))


def texts_of(action: Action) -> Iterator[str]:
    """The templates of an action."""
    for name, value in action.values.items():
        if name not in NO_TEMPLATES or (name == "name" and action.type == "set_contact_name"):
            yield from _texts_in(value)


def results_of(flow: Flow) -> frozenset[str]:
    """The keys of the results that something in a flow saves."""
    names = [node.router.result_name for node in flow.nodes if node.router is not None]
    for node in flow.nodes:
        names += [one.text("name" if one.type == "set_run_result" else "result_name") for one in node.actions]
    return frozenset(key_of(name) for name in names if name)


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts_in(one)
    elif isinstance(value, Mapping) and "uuid" not in value and "key" not in value:
        for one in value.values():
            yield from _texts_in(one)
