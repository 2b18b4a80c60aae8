"""Reading a flow: migrate it to the engine's specification, read its parts, validate the whole.

Source: goflow flows/definition/flow.go and node.go. The order of the checks is the engine's, since the first defect is
the one that is told.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from fakes.rapidpro.flows.engine.checks import Field, check_types, json_kind, problems, refuse_problems
from fakes.rapidpro.flows.engine.definitions.action_fields import fields_of
from fakes.rapidpro.flows.engine.definitions.json_values import as_read
from fakes.rapidpro.flows.engine.definitions.model import Action, Exit, Flow, Node
from fakes.rapidpro.flows.engine.definitions.routers import read_router, type_of
from fakes.rapidpro.flows.engine.definitions.specs import check_supported, read_version, written
from fakes.rapidpro.flows.engine.definitions.validation import MAX_NODES, MAX_UI, validate
from fakes.rapidpro.flows.engine.legacy import is_legacy, migrate_legacy
from fakes.rapidpro.flows.engine.migrations import migrate
from fakes.rapidpro.flows.engine.refused import Refused
from fakes.rapidpro.versions.engines import EngineRules, Version

_UUID = Field("uuid", needed=True, check="uuid")
_HEADER = (_UUID, Field("name", needed=True, most=64), Field("spec_version", "any", needed=True))
_OLD_HEADER = (_UUID, Field("name"), Field("spec_version", "any", needed=True))
_FLOW = (
    Field("language", needed=True, check="language"),
    Field("type", needed=True, check="flow_type"),
    Field("revision", "integer"),
    Field("expire_after_minutes", "integer"),
    Field("localization", "object"),
    Field("nodes", "objects"),
)
_NODE = (
    _UUID,
    Field("actions", "objects"),
    Field("router", "any"),
    Field("exits", "objects", needed=True, least=1),
)
_EXIT = (_UUID, Field("destination_uuid", check="uuid"))


def read_flow(data: Any, rules: EngineRules) -> Flow:
    """The flow of a definition, which may be older than the engine's specification. Refused if it is not valid."""
    if not isinstance(data, dict):
        raise Refused("flow definition isn't an object")
    data = as_read(data)
    if rules.checks_limits:
        _check_size(data)
    data, version = _migrated(data, rules)
    check_supported(version, rules)
    values = check_types(data, _FLOW, "flowEnvelope")
    _check_translations(values.get("localization") or {})
    nodes = tuple(_read_node(one, rules) for one in values.get("nodes") or () if one is not None)
    refuse_problems(problems(values, _FLOW[:2], rules) + _absent(values, "nodes"))
    flow = Flow(
        uuid=values["uuid"],
        name=values.get("name") or "",
        type=values["type"],
        language=values["language"],
        nodes=nodes,
        spec=written(version),
        revision=values.get("revision") or 0,
        expire_after_minutes=values.get("expire_after_minutes") or 0,
        localization=MappingProxyType(values.get("localization") or {}),
    )
    validate(flow, rules)
    return flow


def _check_size(data: dict[str, Any]) -> None:
    lists = (data.get(name) for name in ("nodes", "action_sets", "rule_sets"))
    count = sum(len(one) for one in lists if isinstance(one, list))
    if count > MAX_NODES:
        raise Refused(f"flow can't have more than {MAX_NODES} nodes (has {count})")
    size = _size(data.get("_ui"))
    if size > MAX_UI:
        raise Refused(f"flow UI can't be larger than {MAX_UI} bytes (is {size})")


def _size(value: Any) -> int:
    import json

    return 0 if value is None else len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _migrated(data: dict[str, Any], rules: EngineRules) -> tuple[dict[str, Any], Version]:
    try:
        version = _header(data, rules)
    except Refused as problem:
        if not is_legacy(data):
            raise Refused(f"unable to read flow header: {problem}") from None
        try:
            data = migrate_legacy(data, rules)
        except Refused as error:
            raise Refused(f"error migrating what appears to be a legacy definition: {error}") from None
        try:
            version = _header(data, rules)
        except Refused as error:
            raise Refused(f"unable to read flow header: {error}") from None
    return migrate(data, version, rules)


def _header(data: dict[str, Any], rules: EngineRules) -> Version:
    fields = _HEADER if rules.checks_limits else _OLD_HEADER
    values = check_types(data, fields, "Header13")
    # the engine reads the version while it reads the JSON, before it checks the other fields
    version = None if values.get("spec_version") is None else read_version(values["spec_version"], rules)
    refuse_problems(problems(values, fields, rules))
    return version or (0, 0, 0)


def _check_translations(localization: dict[str, Any]) -> None:
    """Refused unless each language is an object of objects; null counts as an empty one."""
    languages = [one for one in localization.values() if one is not None]
    items = [item for one in languages if isinstance(one, dict) for item in one.values() if item is not None]
    for kind, values in (("languageTranslation", languages), ("itemTranslation", items)):
        wrong = [one for one in values if not isinstance(one, dict)]
        if wrong:
            place = "Go struct field flowEnvelope.localization"
            raise Refused(f"json: cannot unmarshal {json_kind(wrong[0])} into {place} of type definition.{kind}")


def _read_node(data: Any, rules: EngineRules) -> Node:
    try:
        values = check_types(data, _NODE, "nodeEnvelope")
        exits = tuple(_read_exit(one, rules) for one in values.get("exits") or () if one is not None)
        refuse_problems(problems(values, _NODE, rules) + _absent(values, "exits"))
    except Refused as error:
        raise Refused(f"unable to read node: {error}") from None
    try:
        router = None if values.get("router") is None else read_router(values["router"], rules)
    except Refused as error:
        raise Refused(f"unable to read router: {error}") from None
    actions = tuple(_read_action(one, index, rules) for index, one in enumerate(values.get("actions") or ()))
    return Node(values["uuid"], actions, router, exits)


def _absent(values: dict[str, Any], name: str) -> list[str]:
    """Defects of a list that holds nulls."""
    return [f"field '{name}[{index}]' is required" for index, one in enumerate(values.get(name) or ()) if one is None]


def _read_exit(data: Any, rules: EngineRules) -> Exit:
    try:
        values = check_types(data, _EXIT, "exitEnvelope")
        refuse_problems(problems(values, _EXIT, rules))
    except Refused as error:
        raise Refused(f"unable to read exit: {error}") from None
    return Exit(values["uuid"], values.get("destination_uuid") or "")


def _read_action(data: Any, index: int, rules: EngineRules) -> Action:
    try:
        kind = type_of(data)
        fields = fields_of(kind, rules)
        if fields is None:
            raise Refused(f"unknown type: '{kind}'")
        values = check_types(data, fields, _structure(kind, rules))
        refuse_problems(problems(values, fields, rules))
    except Refused as error:
        place = f"[{index}]" if rules.is_new else ""
        raise Refused(f"unable to read action{place}: {error}") from None
    kept = {one.name: _kept(values[one.name], one) for one in fields[2:] if values.get(one.name) is not None}
    return Action(kind, values["uuid"], MappingProxyType(kept))


def _kept(value: Any, field: Field) -> Any:
    """A field's value; null among texts is read as an empty text."""
    if field.kind == "texts":
        return [one or "" for one in value]
    return {key: one or "" for key, one in value.items()} if field.kind == "named texts" else value


def _structure(kind: str, rules: EngineRules) -> str:
    """The name of the Go structure of an action, which type errors show."""
    name = "".join(part.capitalize() for part in kind.split("_")).replace("Urn", "URN").replace("Optin", "OptIn")
    return name if rules.is_new else f"{name}Action"
