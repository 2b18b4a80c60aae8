"""What a flow needs in its workspace: other flows, fields, groups, labels, globals and so on.

Source: goflow flows/inspect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fakes.rapidpro.flows.engine import Flow, flow_json

_GLOBAL = re.compile(r"\bglobals\.([a-z][a-z0-9_]*)", re.IGNORECASE)
_FIELD = re.compile(r"(?<![.\w])(?:contact\.)?fields\.([a-z][a-z0-9_]*)", re.IGNORECASE)
_REFERENCES: Mapping[str, str] = {
    "flow": "flows", "groups": "groups", "labels": "labels", "channel": "channels", "topic": "topics",
    "classifier": "classifiers", "template": "templates", "optin": "optins", "llm": "llms",
}  # fmt: skip


@dataclass(slots=True)
class Needs:
    """What flows name. `named`: by kind, the name by UUID; `globals`, `fields`, `resthooks`: keys."""

    named: dict[str, dict[str, str]] = field(default_factory=dict)
    globals: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    resthooks: set[str] = field(default_factory=set)

    def add(self, flow: Flow) -> None:
        """Add what this flow needs."""
        self._texts(flow_json(flow))
        for node in flow.nodes:
            for action in node.actions:
                self._action(action.values)
            for case in node.router.cases if node.router is not None else ():
                if case.test == "has_group" and case.arguments:
                    self._name("groups", {"uuid": case.arguments[0], "name": "".join(case.arguments[1:2])})

    def _action(self, values: Mapping[str, Any]) -> None:
        for key, kind in _REFERENCES.items():
            found = values.get(key)
            for one in found if isinstance(found, list) else [found]:
                if isinstance(one, Mapping):
                    self._name(kind, one)
        if isinstance(values.get("field"), Mapping):
            self.fields.add(str(values["field"].get("key")))
        if values.get("resthook"):
            self.resthooks.add(str(values["resthook"]))

    def _name(self, kind: str, reference: Mapping[str, Any]) -> None:
        uuid = reference.get("uuid")
        if isinstance(uuid, str) and "@" not in uuid:
            self.named.setdefault(kind, {})[uuid] = str(reference.get("name") or uuid)

    def _texts(self, definition: Mapping[str, Any]) -> None:
        for text in _texts_in(definition):
            if "@" in text:
                self.globals |= {one.lower() for one in _GLOBAL.findall(text)}
                self.fields |= {one.lower() for one in _FIELD.findall(text)}


def _texts_in(value: Any) -> Iterator[str]:
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            left += one.values()
        elif isinstance(one, list | tuple):
            left += one
