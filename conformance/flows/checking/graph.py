"""The ways through a flow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from fakes.rapidpro.flows.engine.definitions import Exit, Flow, Node

Chosen = Callable[[Node], Iterable[Exit]]
"""The exits of a node that are followed."""


def all_exits(node: Node) -> tuple[Exit, ...]:
    """Every exit that can be taken: a node without router takes its first one only."""
    if node.router is None:
        return node.exits[:1]
    used = {one.exit_uuid for one in node.router.categories}
    return tuple(one for one in node.exits if one.uuid in used)


class Graph:
    """The nodes of a flow by UUID, and what can be reached from where."""

    def __init__(self, flow: Flow) -> None:
        self.nodes = {node.uuid: node for node in flow.nodes}
        self.entry = flow.nodes[0] if flow.nodes else None

    def following(self, node: Node, chosen: Chosen = all_exits) -> Iterator[Node]:
        """The nodes right behind a node."""
        for one in chosen(node):
            if one.destination in self.nodes:
                yield self.nodes[one.destination]

    def reachable(self, starts: Iterable[Node], chosen: Chosen = all_exits) -> set[str]:
        """The UUIDs of the given nodes and all behind them."""
        found: set[str] = set()
        waiting = list(starts)
        while waiting:
            node = waiting.pop()
            if node.uuid not in found:
                found.add(node.uuid)
                waiting += self.following(node, chosen)
        return found

    def from_entry(self, chosen: Chosen = all_exits) -> set[str]:
        """What a run can reach."""
        return set() if self.entry is None else self.reachable([self.entry], chosen)

    def behind(self, node: Node, chosen: Chosen = all_exits) -> set[str]:
        """What can be reached from a node's exits; the node itself only if a way leads back."""
        return self.reachable(list(self.following(node, chosen)), chosen)

    def circles(self, allowed: Callable[[Node], bool]) -> Iterator[set[str]]:
        """Sets of nodes that lead back to themselves over allowed nodes only, each set once."""

        def within(node: Node) -> Iterable[Exit]:
            return [one for one in all_exits(node) if one.destination in self.nodes
                    and allowed(self.nodes[one.destination])]  # fmt: skip

        behind = {uuid: self.behind(node, within) for uuid, node in self.nodes.items() if allowed(node)}
        seen: set[str] = set()
        for uuid in behind:
            circle = {other for other in behind[uuid] if uuid in behind.get(other, ())}
            if uuid in circle and uuid not in seen:
                seen |= circle
                yield circle
