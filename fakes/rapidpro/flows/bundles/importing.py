"""Importing a bundle into a workspace: all of it, or nothing if one of its flows is refused.

Source: rapidpro temba/orgs/models.py (import_app), temba/flows/models.py (import_flows).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.flows.bundles.library import Library
from fakes.rapidpro.flows.bundles.needs import Needs
from fakes.rapidpro.flows.bundles.reading import BadBundle, Bundle, TriggerSpec
from fakes.rapidpro.flows.bundles.triggers import FlowTrigger
from fakes.rapidpro.flows.engine import Flow, FlowStore, Refused, flow_json
from fakes.rapidpro.flows.engine.result_keys import key_of
from fakes.rapidpro.store.records import Records, Workspace

TYPES: Mapping[str, str] = MappingProxyType(
    {"messaging": "message", "messaging_background": "background", "messaging_offline": "survey", "voice": "voice"}
)
"""What the API calls the types of flows."""
FIELD_TYPES: Mapping[str, str] = MappingProxyType({"T": "text", "N": "number", "D": "datetime", "numeric": "number"})
VOICE = "voice flows need a call, and there are no calls here"
BACKGROUND = "background flows have no triggers of texts"
UUID_LENGTH = 36
_PARENT_REF = re.compile(r"\bparent(?:\.run)?\.results\.([a-z0-9_]+)", re.IGNORECASE)


class Importer:
    """Imports bundles into one workspace. Callers hold the service's lock."""

    def __init__(self, records: Records, library: Library, workspace: Workspace, now: datetime) -> None:
        self._records = records
        self._library = library
        self._workspace = workspace
        self._now = now
        self._not_used: list[str] = []

    def run(self, bundle: Bundle) -> dict[str, Any]:
        """Import it. Returns what was imported and what the workspace lacks. BadBundle if a flow is refused."""
        self._not_used = list(bundle.not_used)
        groups = self._known_groups([*bundle.groups, *_trigger_groups(bundle.triggers)])
        definitions = [_renamed(one, groups) for one in bundle.flows]
        flows = self._checked(definitions)
        triggers = [one for one in (self._trigger(spec, flows, groups) for spec in bundle.triggers) if one is not None]
        self._set_up(bundle, groups)
        for flow in flows.values():
            self._row(flow)
        self._library.add(dict(zip(flows, definitions, strict=True)))
        for trigger in triggers:
            self._library.set_trigger(trigger)
        self._library.resthooks |= bundle.resthooks
        self._library.ignoring |= {uuid for uuid, one in flows.items() if {uuid, one.name} & {*bundle.ignore_triggers}}
        return {
            "flows": [shown_flow(one) for one in flows.values()],
            "triggers": [one.as_json() for one in triggers],
            "not_used": self._not_used,
            "missing": missing(self._records, self._library, self._workspace, flows.values()),
        }

    def _checked(self, definitions: list[Mapping[str, Any]]) -> dict[str, Flow]:
        """The flows by UUID, in their order, as the engine reads them."""
        try:
            store = FlowStore(definitions, self._library.rules)
        except Refused as problem:
            raise BadBundle(f"flows: {problem}") from None
        if len(store.uuids()) < len(definitions):
            raise BadBundle("flows: two of them have the same UUID")
        flows = {}
        for number, (uuid, definition) in enumerate(zip(store.uuids(), definitions, strict=True)):
            try:
                flows[uuid] = store.get(uuid)
            except Refused as problem:
                name = definition.get("name") or (definition.get("metadata") or {}).get("name") or uuid
                raise BadBundle(f"flows[{number}] ({name}) is refused: {problem}") from None
        voice = [f"flow {one.name}: {VOICE}" for one in flows.values() if one.type == "voice"]
        if len(voice) == len(flows):
            raise BadBundle(voice[0])
        self._not_used += voice
        return flows

    def _trigger(self, spec: TriggerSpec, flows: Mapping[str, Flow], groups: Mapping[str, str]) -> FlowTrigger | None:
        known = {**{one.uuid: one for one in self._library.imported()}, **flows}
        flow = known.get(spec.flow) or next((one for one in known.values() if one.name == spec.flow), None)
        if flow is None:
            raise BadBundle(f"a trigger starts the flow {spec.flow}, which is not in the bundle and was not imported")
        if flow.type in ("voice", "messaging_background"):
            self._not_used.append(f"trigger of {flow.name}: {VOICE if flow.type == 'voice' else BACKGROUND}")
            return None
        channel = spec.channel
        if channel and all(one.uuid != channel for one in self._records.channels_of(self._workspace)):
            self._not_used.append(f"channel {channel} of a trigger of {flow.name}: there is no such channel here")
            channel = ""
        included, excluded = (
            frozenset(groups[_key(one)] for one in refs) for refs in (spec.groups, spec.exclude_groups)
        )
        return FlowTrigger(spec.type, flow.uuid, spec.keywords, spec.match_type, included, excluded, channel)

    def _known_groups(self, references: Iterable[Mapping[str, str]]) -> dict[str, str]:
        """By the UUID or name of each group in the bundle: the UUID that it has here."""
        here = self._records.groups_in(self._workspace)
        by_name = {one.name.lower(): one.uuid for one in here}
        uuids = {one.uuid for one in here}
        found: dict[str, str] = {}
        for one in references:
            uuid = one.get("uuid", "")
            if uuid not in uuids:
                uuid = by_name.setdefault(one["name"].lower(), uuid or self._records.new_uuid())
            found[_key(one)] = uuid
        return found

    def _set_up(self, bundle: Bundle, groups: Mapping[str, str]) -> None:
        here = {one.uuid for one in self._records.groups_in(self._workspace)}
        for one in [*bundle.groups, *_trigger_groups(bundle.triggers)]:
            uuid = groups[_key(one)]
            if uuid not in here:
                here.add(uuid)
                self._records.new_group(self._workspace, uuid, one["name"], one.get("query"))
        keys = {one.key for one in self._records.fields_in(self._workspace)}
        for one in bundle.fields:
            if one["key"] not in keys:
                kind = one.get("type") or one.get("value_type") or "text"
                name = one.get("name") or one.get("label") or one["key"]
                self._records.new_field(self._workspace, one["key"], name, FIELD_TYPES.get(kind, kind))
        for key, value in bundle.globals.items():
            self._records.set_global(self._workspace, key.lower(), value, self._now)

    def _row(self, flow: Flow) -> None:
        row = self._records.flow_of(self._workspace, flow.uuid)
        if row is None:
            row = self._records.new_flow(self._workspace, flow.name, self._now, uuid=flow.uuid)
        definition = json.dumps(flow_json(flow))
        row.name, row.modified_on, row.has_definition = flow.name, self._now, True
        row.type, row.expires = TYPES.get(flow.type, "message"), int(flow.expire_after.total_seconds() // 60)
        row.results = _results(flow)
        row.parent_refs = sorted({one.lower() for one in _PARENT_REF.findall(definition)})


def shown_flow(flow: Flow) -> dict[str, Any]:
    """A flow as the control API shows it."""
    return {"uuid": flow.uuid, "name": flow.name, "type": flow.type, "nodes": len(flow.nodes)}


def missing(records: Records, library: Library, workspace: Workspace, flows: Iterable[Flow]) -> dict[str, list[str]]:
    """What these flows name and the workspace lacks, by kind."""
    needs = Needs()
    for flow in flows:
        needs.add(flow)
    here = {
        "flows": {one.uuid for one in library.imported()},
        "groups": {one.uuid for one in records.groups_in(workspace)},
        "labels": {one.uuid for one in records.labels_in(workspace)},
        "channels": {one.uuid for one in records.channels_of(workspace)},
    }
    found = {
        kind: sorted(name for uuid, name in named.items() if uuid not in here.get(kind, ()))
        for kind, named in needs.named.items()
    }
    found["globals"] = sorted(needs.globals - {key for key, _, _ in records.globals_of(workspace)})
    found["fields"] = sorted(needs.fields - {one.key for one in records.fields_in(workspace)})
    found["resthooks"] = sorted(needs.resthooks - library.resthooks.keys())
    return {kind: names for kind, names in sorted(found.items()) if names}


def _trigger_groups(triggers: Iterable[TriggerSpec]) -> list[Mapping[str, str]]:
    return [group for one in triggers for group in (*one.groups, *one.exclude_groups)]


def _key(group: Mapping[str, str]) -> str:
    return group.get("uuid") or group["name"]


def _renamed(definition: Mapping[str, Any], uuids: Mapping[str, str]) -> Mapping[str, Any]:
    """The definition with the UUIDs that groups have here."""
    changed = {old: new for old, new in uuids.items() if old != new and len(old) == UUID_LENGTH}
    if not changed:
        return definition
    text = json.dumps(definition)
    for old, new in changed.items():
        text = text.replace(json.dumps(old), json.dumps(new))
    found: Mapping[str, Any] = json.loads(text)
    return found


def _results(flow: Flow) -> list[dict[str, Any]]:
    """What a flow saves. Source: goflow flows/inspect (results)."""
    found: dict[str, dict[str, Any]] = {}
    for node in flow.nodes:
        saved = [(one.text("result_name"), ["Success", "Failure"]) for one in node.actions]
        saved += [(one.text("name"), []) for one in node.actions if one.type == "set_run_result"]
        if node.router is not None:
            saved.append((node.router.result_name, [one.name for one in node.router.categories]))
        for name, categories in saved:
            if name:
                new = {"key": key_of(name), "name": name, "categories": [], "node_uuids": []}
                one = found.setdefault(key_of(name), new)
                one["categories"] = list(dict.fromkeys([*one["categories"], *categories]))
                one["node_uuids"] = list(dict.fromkeys([*one["node_uuids"], node.uuid]))
    return list(found.values())
