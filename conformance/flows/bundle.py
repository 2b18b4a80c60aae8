"""Reading a file that RapidPro exported. Its keys: version, flows, fields, groups, triggers, campaigns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_BYTES = 64 * 1024 * 1024
CATCH_ALL = "C"
"""The type of a trigger that takes every text that no other trigger takes."""


class UnreadableBundle(ValueError):
    """A file that is no export; the text says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """An export: flow definitions as JSON, and what it lists besides."""

    path: str
    flows: Sequence[Mapping[str, Any]]
    fields: Mapping[str, str] | None = None
    """Contact fields: key and name; None if the export lists none at all, as older ones do."""
    groups: Mapping[str, str] | None = None
    """Groups: UUID and name; None likewise."""
    triggers: Sequence[Mapping[str, Any]] = ()
    content: Mapping[str, Any] = field(default_factory=dict)
    """The whole document."""

    def globals_with(self, given: Mapping[str, str]) -> dict[str, str] | None:
        """The given globals, and those that stand beside the keys of the export; None if there are none at all."""
        beside = self.content.get("globals")
        found = {str(key).lower(): str(value) for key, value in beside.items()} if isinstance(beside, Mapping) else {}
        return {**found, **given} or None

    def name_of(self, uuid: str) -> str:
        """The name of a flow, or else its UUID."""
        return next((name_in(one) for one in self.flows if uuid_in(one) == uuid), "") or uuid

    def triggered(self, *types: str) -> frozenset[str]:
        """The UUIDs of the flows that a trigger starts; `types`: only triggers of these types."""
        chosen = [one for one in self.triggers if not types or one.get("trigger_type") in types]
        references = [one.get("flow") for one in chosen]
        return frozenset(str(one.get("uuid")) for one in references if isinstance(one, Mapping))


def read_bundle(path: Path) -> Bundle:
    """The export in a file. UnreadableBundle if it cannot be read or is no export."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableBundle(f"{path} has more than {MAX_BYTES // 1024**2} MiB: that is no export of flows")
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise UnreadableBundle(f"{path} cannot be read: {error.strerror}") from None
    except RecursionError:
        raise UnreadableBundle(f"{path} is nested too deeply") from None
    except ValueError as error:
        raise UnreadableBundle(f"{path} is not JSON: {error}") from None
    return bundle_of(document, str(path))


def bundle_of(document: Any, path: str) -> Bundle:
    """The export of a JSON document; a definition alone is taken for an export with one flow."""
    if not isinstance(document, Mapping):
        raise UnreadableBundle(f"{path}: an export is a JSON object, got {type(document).__name__}")
    if "flows" not in document and "nodes" in document:
        document = {"flows": [document]}
    flows = document.get("flows")
    if not isinstance(flows, list) or not flows:
        keys = ", ".join(map(str, list(document)[:8])) or "none"
        raise UnreadableBundle(f"{path}: an export has a list `flows` that is not empty; its keys are {keys}")
    for index, one in enumerate(flows):
        if not isinstance(one, Mapping):
            raise UnreadableBundle(f"{path}: flows[{index}] is not a flow definition but {type(one).__name__}")
    return Bundle(
        path=path,
        flows=flows,
        fields=_names(document, "fields", "key"),
        groups=_names(document, "groups", "uuid"),
        triggers=_objects(document, "triggers", "trigger_type"),
        content=document,
    )


def uuid_in(definition: Mapping[str, Any]) -> str:
    """The UUID of a definition; that of the oldest forms is in the metadata."""
    return str(definition.get("uuid") or _metadata(definition).get("uuid") or "")


def name_in(definition: Mapping[str, Any]) -> str:
    """The name of a definition."""
    return str(definition.get("name") or _metadata(definition).get("name") or "")


def _metadata(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    found = definition.get("metadata")
    return found if isinstance(found, Mapping) else {}


def _names(document: Mapping[str, Any], name: str, key: str) -> dict[str, str] | None:
    if not isinstance(document.get(name), list):
        return None
    return {str(one[key]): str(one.get("name") or "") for one in _objects(document, name, key)}


def _objects(document: Mapping[str, Any], name: str, key: str) -> list[Mapping[str, Any]]:
    found = document.get(name)
    return [one for one in found if isinstance(one, Mapping) and one.get(key)] if isinstance(found, list) else []
