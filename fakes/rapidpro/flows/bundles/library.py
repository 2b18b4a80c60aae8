"""The flows of a workspace with their triggers. Callers hold the service's lock."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fakes.rapidpro.flows.built_in import webhook_flow
from fakes.rapidpro.flows.bundles.triggers import CATCH_ALL, FlowTrigger, Match, find
from fakes.rapidpro.flows.engine import Flow, FlowStore
from fakes.rapidpro.flows.webhook import Webhook
from fakes.rapidpro.versions.engines import EngineRules

_VALID_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
BUILT_IN = "0000000d-0000-4000-8000-000000000000"
"""UUID of the built-in catch-all flow for the engine, if its row has one that `9` would refuse."""


class Library:
    """Definitions and triggers, and the built-in catch-all flow beside them."""

    def __init__(self, rules: EngineRules) -> None:
        self.rules = rules
        self.changes = 0
        """How often flows were added."""
        self.clear()

    def clear(self) -> None:
        """Remove all of it."""
        self._definitions: dict[str, Mapping[str, Any]] = {}
        self.triggers: list[FlowTrigger] = []
        self.ignoring: set[str] = set()
        """UUIDs of flows whose waits no keyword ends."""
        self.resthooks: dict[str, Sequence[str]] = {}
        self._store: FlowStore | None = None
        self._built_in: tuple[Webhook, str, str] | None = None
        self._built_in_uuid = ""

    def flows(self) -> FlowStore:
        """All flows, for the engine."""
        if self._store is None:
            self._store = FlowStore(self._all_definitions(), self.rules)
        return self._store

    def _all_definitions(self) -> list[Mapping[str, Any]]:
        built_in = [] if self._built_in is None else [self._built_in_definition()]
        return [*built_in, *self._definitions.values()]

    def _built_in_definition(self) -> Mapping[str, Any]:
        assert self._built_in is not None
        settings, _, name = self._built_in
        return webhook_flow(settings, self._built_in_uuid, name, self.rules.generation)

    def add(self, definitions: Mapping[str, Mapping[str, Any]]) -> None:
        """Add flows, or replace those of these UUIDs."""
        self._definitions |= definitions
        self.changes += 1
        self._store = None

    def has(self, uuid: str) -> bool:
        """Whether the flow of that UUID has a definition."""
        return uuid in self._definitions

    def definition(self, uuid: str) -> Mapping[str, Any] | None:
        """The definition of a flow as it was imported, or of the built-in catch-all flow; None if there is none."""
        if self._built_in is not None and uuid in (self._built_in_uuid, self._built_in[1]):
            return self._built_in_definition()
        return self._definitions.get(uuid)

    def imported(self) -> list[Flow]:
        """The flows that were added."""
        found = (self.flows().find(uuid) for uuid in self._definitions)
        return [one for one in found if one is not None]

    def set_trigger(self, trigger: FlowTrigger) -> None:
        """Add a trigger; those that it replaces are gone."""
        self.triggers = [one for one in self.triggers if not trigger.replaces(one)]
        self.triggers.append(trigger)

    def remove_triggers(self, flow: str) -> int:
        """Remove the triggers of a flow. Returns how many there were."""
        before = len(self.triggers)
        self.triggers = [one for one in self.triggers if one.flow != flow]
        return before - len(self.triggers)

    def remove_catch_all(self) -> None:
        """Remove the trigger for all texts, so that the built-in one counts again."""
        whole = FlowTrigger(CATCH_ALL, "")
        self.triggers = [one for one in self.triggers if not whole.replaces(one)]

    def match(self, words: list[str], channel: str, groups: Collection[str]) -> Match | None:
        """The trigger for a text of these words, in lower case."""
        return find(self.triggers, words, channel, groups) if self.triggers else None

    def built_in(self, settings: Webhook, uuid: str, name: str) -> str:
        """The UUID, for the engine, of the built-in catch-all flow with these settings."""
        if self._built_in != (settings, uuid, name):
            self._built_in = (replace(settings), uuid, name)
            self._built_in_uuid = uuid if _VALID_UUID.fullmatch(uuid) else BUILT_IN
            self._store = None
        return self._built_in_uuid

    def row_uuid(self, uuid: str) -> str:
        """The UUID of a flow's row, by the UUID that the engine knows."""
        return self._built_in[1] if self._built_in is not None and uuid == self._built_in_uuid else uuid
