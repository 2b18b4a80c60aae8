"""Watching the engine: which nodes, exits and cases it took. The engine itself is not changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from fakes.rapidpro.flows.engine import Flow, FlowStore, Session
from fakes.rapidpro.flows.engine.definitions import Case, Node
from fakes.rapidpro.versions.engines import EngineRules

Item = tuple[str, str, str]
"""Flow UUID, kind (node, exit, case), UUID. The UUID of a case is `NODE INDEX`, since cases may share theirs."""


@dataclass(slots=True)
class Visits:
    """What was reached, and how often."""

    counts: dict[Item, int] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        """Count an item."""
        self.counts[item] = self.counts.get(item, 0) + 1

    def add_session(self, session: Session) -> None:
        """Count the nodes and exits of a session that is over, or is not played any further."""
        for run in session.runs:
            for step in run.path:
                self.add((run.flow_uuid, "node", step.node_uuid))
                if step.exit_uuid:
                    self.add((run.flow_uuid, "exit", step.exit_uuid))

    def merge(self, other: Visits) -> None:
        """Add what another conversation reached."""
        for item, count in other.counts.items():
            self.counts[item] = self.counts.get(item, 0) + count


class WatchedFlows(FlowStore):
    """The flows of an export; the cases that their routers take are counted."""

    def __init__(self, definitions: Iterable[Any], rules: EngineRules) -> None:
        super().__init__(definitions, rules)
        self.visits = Visits()
        self._watched: dict[str, Flow] = {}

    def get(self, uuid: str) -> Flow:
        """The flow. Refused if there is none, or if it is not valid."""
        if uuid not in self._watched:
            flow = super().get(uuid)
            self._watched[uuid] = replace(flow, nodes=tuple(self._node(flow, node) for node in flow.nodes))
        return self._watched[uuid]

    def _node(self, flow: Flow, node: Node) -> Node:
        if node.router is None or not node.router.cases:
            return node
        cases = _Cases(node.router.cases)
        cases.taken = lambda index: self.visits.add((flow.uuid, "case", f"{node.uuid} {index}"))
        return replace(node, router=replace(node.router, cases=cases))


class _Cases(tuple[Case, ...]):
    """Cases that tell which one was taken: a router tries them in order, and stops at the first that fits."""

    taken: Any

    def __iter__(self) -> Iterator[Case]:
        for index in range(len(self)):
            done = False
            try:
                yield self[index]
                done = True
            finally:
                if not done:
                    self.taken(index)
