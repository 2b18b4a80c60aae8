"""The flows of a workspace, each read when it is first needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fakes.rapidpro.flows.engine.definitions import Flow, read_flow
from fakes.rapidpro.flows.engine.refused import Refused
from fakes.rapidpro.versions.engines import EngineRules


class FlowStore:
    """Definitions by UUID. A flow that is refused does not disturb the others."""

    def __init__(self, definitions: Iterable[Any], rules: EngineRules) -> None:
        """Refused if a definition has no UUID: the engine reads none of them then."""
        self.rules = rules
        self._definitions: dict[str, Any] = {}
        self._flows: dict[str, Flow | Refused] = {}
        for definition in definitions:
            self._definitions[_uuid(definition)] = definition

    def get(self, uuid: str) -> Flow:
        """The flow. Refused if there is none, or if it is not valid."""
        if uuid not in self._definitions:
            raise Refused(f"no such flow with UUID '{uuid}'")
        if uuid not in self._flows:
            self._flows[uuid] = self._read(uuid)
        found = self._flows[uuid]
        if isinstance(found, Refused):
            raise Refused(str(found))
        return found

    def find(self, uuid: str) -> Flow | None:
        """The flow, or None if it is missing or not valid."""
        try:
            return self.get(uuid)
        except Refused:
            return None

    def uuids(self) -> tuple[str, ...]:
        """The UUIDs of all definitions."""
        return tuple(self._definitions)

    def _read(self, uuid: str) -> Flow | Refused:
        try:
            return read_flow(self._definitions[uuid], self.rules)
        except Refused as error:
            return error
        except RecursionError:
            return Refused("the definition is nested too deeply")


def _uuid(definition: Any) -> str:
    found = definition.get("uuid") if isinstance(definition, Mapping) else None
    if not found and isinstance(definition, Mapping) and isinstance(definition.get("metadata"), Mapping):
        found = definition["metadata"].get("uuid")
    if not isinstance(found, str) or not found:
        raise Refused("unable to read assets: can't parse UUID from flow asset")
    return found
