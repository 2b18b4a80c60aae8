"""What a rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from conformance.flows.checking.reading import Reading
from fakes.rapidpro.flows.engine.definitions import Action, Node


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """Texts are lost, or the flow does not run."""
    WARNING = "warning"
    """It goes wrong in some cases."""
    NOTE = "note"
    """Something to see to in the workspace."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where a rule applies. `detail` is a phrase; of several hits with one `subject` the first counts."""

    detail: str
    node: Node | None = None
    action: Action | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """`find` gives the hits in one flow as one generation reads it; `reason` tells what follows from a hit."""

    id: str
    title: str
    severity: Severity
    reason: str
    remedy: str
    find: Callable[[Reading], Iterator[Hit]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A hit with its place. `generations`: those that read the flow so."""

    rule: Rule
    file: str
    flow: str
    detail: str
    generations: tuple[str, ...]
    node: str = ""
    kind: str = ""
    action: str = ""
    action_type: str = ""

    def as_json(self) -> dict[str, Any]:
        """The shape of `--json`."""
        return {
            "rule": self.rule.id,
            "severity": str(self.rule.severity),
            "file": self.file,
            "flow": self.flow,
            "node": self.node or None,
            "node_kind": self.kind or None,
            "action": self.action or None,
            "action_type": self.action_type or None,
            "generations": list(self.generations),
            "finding": self.detail,
            "reason": self.rule.reason,
            "remedy": self.rule.remedy,
        }


def kind_of(node: Node) -> str:
    """What the flow editor would call a node."""
    router = node.router
    if router is not None and router.wait is not None:
        return "wait"
    types = {one.type for one in node.actions}
    for action, kind in (("call_webhook", "webhook"), ("call_resthook", "resthook"), ("enter_flow", "sub-flow")):
        if action in types:
            return kind
    if router is not None:
        return "random split" if router.type == "random" else "split"
    return "actions"
