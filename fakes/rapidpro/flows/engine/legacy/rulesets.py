"""Legacy rule sets: each becomes a node with a router. Source: goflow flows/definition/legacy/definition.go."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.flows.engine.checks import Field, check_types
from fakes.rapidpro.flows.engine.legacy.rules import Rules, current_rules
from fakes.rapidpro.flows.engine.legacy.templates import current_template
from fakes.rapidpro.flows.engine.legacy.texts import Json, Localization, json_object, made_uuid
from fakes.rapidpro.flows.engine.refused import Refused
from fakes.rapidpro.flows.engine.result_keys import key_of

_HINTS: Mapping[str, str] = MappingProxyType(
    {"wait_audio": "audio", "wait_video": "video", "wait_photo": "image", "wait_gps": "location",
     "wait_recording": "audio", "wait_digit": "digits", "wait_digits": "digits"}
)  # fmt: skip
_SPLITS = frozenset({"flow_field", "contact_field", "expression"})
_HEADERS = Field("webhook_headers", "objects", fields=(Field("name"), Field("value")))
_CONFIGS: Mapping[str, tuple[Field, ...]] = MappingProxyType({
    "webhook": (Field("webhook"), Field("webhook_action"), _HEADERS),
    "resthook": (Field("resthook"),),
    "form_field": (Field("field_index", "integer"), Field("field_delimiter")),
})  # fmt: skip
_PAYLOAD = (
    '@(json(object("contact", extract_object(contact, "uuid", "name", "urn"), "flow", run.flow, "path", run.path, '
    '"results", foreach_value(results, extract_object, "value", "category", "category_localized", "name", "input", '
    '"node_uuid", "created_on"), "run", extract_object(run, "uuid", "created_on"), '
    '"channel", default(input.channel, null), "input", if(input, object("uuid", input.uuid, "type", input.type, '
    '"text", input.text, "created_on", input.created_on, "channel", input.channel, '
    '"attachments", foreach(input.attachments, attachment_parts), '
    '"urn", if(input.urn, object("scheme", urn_parts(input.urn).scheme, "path", urn_parts(input.urn).path, '
    '"display", default(format_urn(input.urn), "")), null)), null))))'
)
"""The body of legacy webhooks: contact, flow, path, results, run, input, channel."""


def current_ruleset(ruleset: Json, known: set[str], localization: Localization) -> Json:
    """The node of a rule set. Refused if it, or a test in it, is not known."""
    uuid = str(ruleset.get("uuid") or "")
    rules = [one for one in ruleset.get("rules") or () if isinstance(one, dict)]
    found = current_rules(rules, known, localization, uuid)
    kind = str(ruleset.get("ruleset_type") or "wait_message")
    config = check_types(json_object(ruleset.get("config")), _CONFIGS.get(kind, ()), f"Config[{kind}]")
    name = str(ruleset.get("label") or "")
    actions, router = _parts(kind, ruleset, config, name, found)
    return {"uuid": uuid, **({"actions": actions} if actions else {}), "router": router, "exits": found.exits}


def _parts(kind: str, ruleset: Json, config: Json, name: str, found: Rules) -> tuple[list[Json], Json]:
    uuid = made_uuid(ruleset.get("uuid"), "action")
    if kind in ("webhook", "resthook"):
        action = _webhook(config) if kind == "webhook" else _resthook(config)
        action |= {"uuid": uuid, **({"result_name": name} if name else {})}
        return [action], _switch(f"@results.{key_of(name)}.category", found, "")
    if kind == "subflow":
        return [{"uuid": uuid, **_subflow(config)}], _switch("@child.status", found, name)
    if kind == "airtime":
        action = {"uuid": uuid, "type": "transfer_airtime", "amounts": _amounts(config), "result_name": name}
        return [action], _switch(f"@results.{key_of(name)}", found, "")
    if kind == "random":
        return [], {"type": "random", "categories": found.categories, **_named(name)}
    return [], _switch(_operand(kind, ruleset, config), found, name, _wait(kind, found))


def _switch(operand: str, found: Rules, name: str, wait: Json | None = None) -> Json:
    return {
        "type": "switch", "operand": operand, "cases": found.cases, "categories": found.categories,
        "default_category_uuid": found.default or None, **_named(name), **({"wait": wait} if wait else {}),
    }  # fmt: skip


def _named(name: str) -> Json:
    return {"result_name": name} if name else {}


def _wait(kind: str, found: Rules) -> Json | None:
    if kind != "wait_message" and kind not in _HINTS:
        return None
    wait: Json = {"type": "msg"}
    if found.timeout_seconds > 0 and found.timeout:
        wait["timeout"] = {"seconds": found.timeout_seconds, "category_uuid": found.timeout}
    if kind in _HINTS:
        wait["hint"] = {"type": _HINTS[kind], **({"count": 1} if kind == "wait_digit" else {})}
    return wait


def _operand(kind: str, ruleset: Json, config: Json) -> str:
    operand = str(ruleset.get("operand") or "")
    if kind in ("wait_digit", "wait_digits"):
        return "@input.text"
    if kind == "wait_message" or kind in _HINTS:
        return "@input"
    if kind == "group":
        return "@contact.groups"
    if kind == "form_field":
        inner = current_template(operand).removeprefix("@")
        return f'@(field({inner}, {config.get("field_index") or 0}, "{config.get("field_delimiter") or ""}"))'
    if kind in _SPLITS:
        return current_template(operand, defaults_to_self=kind == "expression") or "@input"
    raise Refused(f"unrecognized ruleset type: {kind}")


def _webhook(config: Json) -> Json:
    method = str(config.get("webhook_action") or "POST").upper()
    headers = {"Content-Type": "application/json"} if method == "POST" else {}
    for header in config.get("webhook_headers") or ():
        if isinstance(header, dict) and header.get("name"):
            headers[str(header["name"])] = current_template(str(header.get("value") or ""))
    return {
        "type": "call_webhook",
        "method": method,
        "url": current_template(str(config.get("webhook") or ""), url_encodes=True),
        **({"headers": headers} if headers else {}),
        **({"body": _PAYLOAD} if method == "POST" else {}),
    }


def _resthook(config: Json) -> Json:
    return {"type": "call_resthook", "resthook": str(config.get("resthook") or "")}


def _subflow(config: Json) -> Json:
    flow = config.get("flow")
    if not isinstance(flow, dict):
        raise Refused("subflow ruleset has no flow in its config")
    return {"type": "enter_flow", "flow": {"uuid": flow.get("uuid") or "", "name": flow.get("name") or ""}}


def _amounts(config: Json) -> dict[str, Any]:
    amounts: dict[str, Any] = {}
    for country in config.values():
        if not isinstance(country, dict):
            raise Refused("json: cannot unmarshal value into Go value of type map[string]struct")
        currency, amount = str(country.get("currency_code") or ""), country.get("amount") or 0
        if amounts.get(currency, amount) != amount:
            raise Refused("unable to migrate airtime ruleset with different amounts in same currency")
        amounts[currency] = amount
    return amounts
