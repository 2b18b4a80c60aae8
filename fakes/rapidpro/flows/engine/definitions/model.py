"""A flow as frozen data.

Source: goflow flows/definition, flows/routers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

MAX_MINUTES = 100 * 366 * 24 * 60
"""A run waits for a hundred years at most, so that the time of its end can be told."""


@dataclass(frozen=True, slots=True)
class Exit:
    """Where a node leads; without a destination the run ends there."""

    uuid: str
    destination: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """What an answer counts as, and the exit that follows from it."""

    uuid: str
    name: str
    exit_uuid: str


@dataclass(frozen=True, slots=True)
class Case:
    """One test of a switch router; the arguments are templates."""

    uuid: str
    test: str
    arguments: tuple[str, ...]
    category_uuid: str


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait for the contact's next text; `seconds` None: without a timeout."""

    type: str
    seconds: int | None = None
    category_uuid: str = ""
    hint: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Router:
    """How a node chooses its exit: a `switch` tests its operand by its cases, `random` draws a category."""

    type: str
    categories: tuple[Category, ...]
    result_name: str = ""
    wait: Wait | None = None
    operand: str = ""
    cases: tuple[Case, ...] = ()
    default_category: str = ""

    def category(self, uuid: str) -> Category | None:
        """The category of that UUID."""
        return next((one for one in self.categories if one.uuid == uuid), None)


@dataclass(frozen=True, slots=True)
class Action:
    """One action; `values` are its fields, as in JSON, without type and uuid."""

    type: str
    uuid: str
    values: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A text field; "" if it is absent."""
        return str(self.values.get(name) or "")

    def texts(self, name: str) -> list[str]:
        """A list of texts; empty if it is absent."""
        return list(self.values.get(name) or ())


@dataclass(frozen=True, slots=True)
class Node:
    """Actions in their order, then a router if there is one, then an exit."""

    uuid: str
    actions: tuple[Action, ...]
    router: Router | None
    exits: tuple[Exit, ...]

    def exit(self, uuid: str) -> Exit | None:
        """The exit of that UUID."""
        return next((one for one in self.exits if one.uuid == uuid), None)


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow; the first node is the entry. `localization`: language, item UUID, property, texts."""

    uuid: str
    name: str
    type: str
    language: str
    nodes: tuple[Node, ...]
    spec: str
    revision: int = 0
    expire_after_minutes: int = 0
    localization: Mapping[str, Any] = field(default_factory=dict)
    _by_uuid: dict[str, Node] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_uuid", {node.uuid: node for node in self.nodes})

    @property
    def expire_after(self) -> timedelta:
        """How long a run may wait; 0 minutes stand for three days in messaging flows."""
        minutes = self.expire_after_minutes
        if minutes == 0 and self.type == "messaging":
            return timedelta(days=3)
        return timedelta(minutes=max(-MAX_MINUTES, min(minutes, MAX_MINUTES)))

    def node(self, uuid: str) -> Node | None:
        """The node of that UUID."""
        return self._by_uuid.get(uuid)

    def translation(self, language: str, item: str, name: str) -> list[str]:
        """The texts of an item's property in a language; empty if it has none."""
        found = (self.localization.get(language) or {}).get(item) or {}
        texts = found.get(name) if isinstance(found, Mapping) else None
        good = isinstance(texts, list) and all(isinstance(text, str) for text in texts) and texts != [""]
        return list(texts) if good and texts else []
