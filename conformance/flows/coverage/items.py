"""What can be reached in flows, and what was: nodes, exits and router cases, each with words for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.flows.coverage.watching import Item, Visits
from fakes.rapidpro.flows.engine import Flow
from fakes.rapidpro.flows.engine.definitions import Action, Node

MOST_SHOWN = 40
"""Characters of a text within a name."""
_DETAILS = ("text", "url", "name", "field", "flow", "groups", "labels", "language", "subject", "resthook")
"""The field by which an action is known, in order."""


@dataclass(frozen=True, slots=True)
class Part:
    """A node, exit or case. `count`: how often it was reached."""

    item: Item
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was reached of an export. `others`: names of its flows that no conversation enters; `flows`: the rest."""

    parts: tuple[Part, ...]
    others: tuple[str, ...]
    flows: tuple[Flow, ...] = ()

    @property
    def percent(self) -> float:
        """How much was reached; 100 if there is nothing."""
        reached = sum(one.count > 0 for one in self.parts)
        return 100 * reached / len(self.parts) if self.parts else 100.0

    @property
    def counts(self) -> Mapping[Item, int]:
        """How often each part was reached."""
        return {one.item: one.count for one in self.parts}

    def never(self) -> list[Part]:
        """What was never reached."""
        return [one for one in self.parts if not one.count]

    def as_json(self) -> dict[str, Any]:
        """The coverage for `--json`."""
        return {
            "percent": round(self.percent, 1),
            "parts": len(self.parts),
            "never_reached": [
                {"flow": one.item[0], "kind": one.item[1], "id": one.item[2], "name": one.name} for one in self.never()
            ],
            "flows_not_entered": list(self.others),
        }


def coverage_of(visits: Visits, flows: Mapping[str, Flow], names: Mapping[str, str]) -> Coverage:
    """The coverage of the flows that were entered, and of those that they may enter.

    `flows`: those of the export that the engine reads, by UUID; `names`: of all of its flows.
    """
    entered = {item[0] for item in visits.counts if item[1] == "node"}
    reachable = _reachable(entered, flows)
    parts = [part for uuid, flow in flows.items() if uuid in reachable for part in _parts(flow, visits)]
    shown = tuple(flow for uuid, flow in flows.items() if uuid in reachable)
    return Coverage(tuple(parts), tuple(name for uuid, name in names.items() if uuid not in reachable), shown)


def _reachable(entered: set[str], flows: Mapping[str, Flow]) -> set[str]:
    found, left = set(entered), list(entered)
    while left:
        flow = flows.get(left.pop())
        for node in flow.nodes if flow is not None else ():
            for action in node.actions:
                target = str((action.values.get("flow") or {}).get("uuid")) if action.type == "enter_flow" else ""
                if target in flows and target not in found:
                    found.add(target)
                    left.append(target)
    return found


def _parts(flow: Flow, visits: Visits) -> Iterator[Part]:
    def part(kind: str, uuid: str, name: str) -> Part:
        item = (flow.uuid, kind, uuid)
        return Part(item, f"flow {flow.name!r}: {name}", visits.counts.get(item, 0))

    for number, node in enumerate(flow.nodes, 1):
        name = f"node {number} ({name_of(node)})"
        yield part("node", node.uuid, name)
        for exit_ in node.exits:
            yield part("exit", exit_.uuid, f"exit {exit_name(node, exit_.uuid)} of {name}")
        for index, case in enumerate(node.router.cases if node.router is not None else ()):
            words = " ".join((case.test, *case.arguments))
            yield part("case", f"{node.uuid} {index}", f"case {_cut(words)} of {name}")


def name_of(node: Node) -> str:
    """What a node does, in a few words: `send_msg 'Thanks'`."""
    words = [_action(one) for one in node.actions[:2]] + (["..."] if len(node.actions) > 2 else [])
    router = node.router
    if router is not None and router.wait is not None:
        words.append("wait")
    if router is not None and not any(one.type == "call_webhook" for one in node.actions):
        words.append("random split" if router.type == "random" else f"split by {_cut(router.operand)}")
    return ", ".join(words) or "nothing"


def exit_name(node: Node, uuid: str) -> str:
    """The categories that take an exit; `only` without a router."""
    found = [one.name for one in node.router.categories if one.exit_uuid == uuid] if node.router is not None else []
    return "/".join(found) or "only"


def _action(action: Action) -> str:
    for name in _DETAILS:
        value = action.values.get(name)
        if isinstance(value, Mapping):
            value = value.get("name") or value.get("key")
        if isinstance(value, list):
            value = ", ".join(_names(value))
        if value:
            return f"{action.type} {_cut(str(value))!r}"
    return action.type


def _names(values: Iterable[Any]) -> list[str]:
    return [str(one.get("name")) for one in values if isinstance(one, Mapping)]


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."
