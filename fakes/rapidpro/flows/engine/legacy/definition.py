"""A whole legacy definition. Source: goflow flows/definition/legacy/definition.go."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.flows.engine.checks import Field, check_types, problems, refuse_problems
from fakes.rapidpro.flows.engine.legacy.actions import current_action
from fakes.rapidpro.flows.engine.legacy.rulesets import current_ruleset
from fakes.rapidpro.flows.engine.legacy.texts import Json, Localization, json_object, made_uuid
from fakes.rapidpro.flows.engine.refused import Refused
from fakes.rapidpro.versions.engines import EngineRules

_UUID = Field("uuid", needed=True, check="uuid")
_RULE = (Field("uuid"), Field("destination"), Field("test", "object"))
_RULE_SET = (
    _UUID,
    Field("ruleset_type"),
    Field("label"),
    Field("operand"),
    Field("rules", "objects", fields=_RULE),
    Field("config", "any"),
)
_ACTION_SET = (
    Field("destination", check="uuid"),
    Field("exit_uuid", needed=True, check="uuid"),
    _UUID,
    Field("actions", "objects"),
)
_FLOW = (
    Field("base_language"),
    Field("flow_type"),
    Field("rule_sets", "objects", fields=_RULE_SET),
    Field("action_sets", "objects", fields=_ACTION_SET),
    Field("entry", check="uuid"),
    Field("metadata", "object"),
)
SPEC = "13.0.0"
_TYPES: Mapping[str, str] = MappingProxyType(
    {"": "messaging", "F": "messaging", "M": "messaging", "V": "voice", "S": "messaging_offline"}
)


def is_legacy(data: Json) -> bool:
    """Whether a definition may be a legacy one."""
    return any(data.get(name) is not None for name in ("action_sets", "rule_sets", "flow_type"))


def migrate_legacy(data: Json, rules: EngineRules) -> Json:
    """The definition in specification 13.0.0. Refused if a part of it is not known."""
    try:
        refuse_problems(problems(check_types(data, _FLOW, "Flow"), _FLOW, rules))
    except Refused as error:
        raise Refused(f"unable to read legacy flow: {error}") from None
    language = data.get("base_language")
    localization = Localization(language if isinstance(language, str) else "")
    metadata = json_object(data.get("metadata"))
    action_sets, rule_sets = _sets(data, "action_sets"), _sets(data, "rule_sets")
    known = {str(one.get("uuid")) for one in (*action_sets, *rule_sets)}
    nodes = [_placed(one, _action_node(one, known, localization)) for one in action_sets]
    nodes += [_placed(one, _rule_node(one, known, localization)) for one in rule_sets]
    return {
        "uuid": metadata.get("uuid") or data.get("uuid") or made_uuid("flow", metadata.get("name")),
        "name": metadata.get("name") or data.get("name") or "",
        "spec_version": SPEC,
        "language": localization.language,
        "type": _TYPES.get(str(data.get("flow_type") or ""), ""),
        "revision": metadata.get("revision") or 0,
        "expire_after_minutes": metadata.get("expires") or 0,
        "localization": localization.values,
        "nodes": _ordered(nodes, data.get("entry")),
    }


def _sets(data: Json, name: str) -> list[Json]:
    return [one for one in data.get(name) or () if one is not None]


def _placed(one: Json, node: Json) -> tuple[float, Json]:
    top = one.get("y")
    return (top if isinstance(top, int | float) else 0), node


def _ordered(nodes: list[tuple[float, Json]], entry: Any) -> list[Json]:
    """The entry first, the others from top to bottom."""
    return [node for _, node in sorted(nodes, key=lambda one: (one[1]["uuid"] != entry, one[0]))]


def _action_node(one: Json, known: set[str], localization: Localization) -> Json:
    try:
        actions = [_action(each, localization) for each in one.get("actions") or () if isinstance(each, dict)]
    except Refused as error:
        raise Refused(f"error migrating action_set[uuid={one.get('uuid')}]: {error}") from None
    destination = one.get("destination")
    exit_ = {"uuid": one.get("exit_uuid") or "", **({"destination_uuid": destination} if destination in known else {})}
    return {"uuid": one.get("uuid") or "", "actions": actions, "exits": [exit_]}


def _action(action: Json, localization: Localization) -> Json:
    try:
        return current_action(action, localization)
    except Refused as error:
        raise Refused(f"error migrating action[type={action.get('type')}]: {error}") from None


def _rule_node(one: Json, known: set[str], localization: Localization) -> Json:
    try:
        return current_ruleset(one, known, localization)
    except Refused as error:
        raise Refused(f"error migrating rule_set[uuid={one.get('uuid')}]: {error}") from None
