"""Reading routers. Source: goflow flows/routers."""

from __future__ import annotations

from typing import Any

from fakes.rapidpro.flows.engine.checks import Field, check_types, problems, refuse_problems
from fakes.rapidpro.flows.engine.definitions.model import Case, Category, Router, Wait
from fakes.rapidpro.flows.engine.refused import Refused
from fakes.rapidpro.versions.engines import EngineRules

_UUID = Field("uuid", needed=True, check="uuid")
_BASE = (
    Field("type", needed=True),
    Field("wait", "any"),
    Field("result_name", check="result_name", most=64),
    Field("categories", "any", needed=True),
)
_SWITCH = (
    *_BASE,
    Field("operand", needed=True, most=10_000),
    Field("cases", "objects", fields=(
        Field("uuid"), Field("type"), Field("arguments", "texts"), Field("category_uuid"),
    )),
    Field("default_category_uuid", check="uuid"),
)  # fmt: skip
_CATEGORY = (
    _UUID,
    Field("name", needed=True, check="result_category", most=64),
    Field("exit_uuid", needed=True, check="uuid"),
)
_TIMEOUT = (Field("seconds", "integer", needed=True), Field("category_uuid", needed=True, check="uuid"))
_WAIT = (Field("type", needed=True), Field("timeout", "object", fields=_TIMEOUT), Field("hint", "any"))
_HINTS = frozenset({"audio", "digits", "image", "location", "video"})


def read_router(data: Any, rules: EngineRules) -> Router:
    """A node's router. Refused if it is not valid by itself."""
    kind = type_of(data)
    if kind not in ("switch", "random"):
        raise Refused(f"unknown type: '{kind}'")
    fields = _SWITCH if kind == "switch" else _BASE
    values = check_types(data, fields, kind.capitalize())
    refuse_problems(_with_categories(values, problems(values, fields, rules)))
    categories = tuple(_read_category(one, rules) for one in values["categories"])
    return Router(
        type=kind,
        categories=categories,
        result_name=values.get("result_name") or "",
        wait=None if values.get("wait") is None else _read_wait(values["wait"], rules),
        operand=values.get("operand") or "" if kind == "switch" else "",
        cases=tuple(_case(one) for one in values.get("cases") or () if one) if kind == "switch" else (),
        default_category=values.get("default_category_uuid") or "" if kind == "switch" else "",
    )


def type_of(data: Any) -> str:
    """The `type` of a router, wait or action. Refused if it has none."""
    values = check_types({} if data is None else data, (Field("type"),), "TypeOnly")
    refuse_problems([] if values.get("type") else ["field 'type' is required"])
    return str(values["type"])


def _with_categories(values: dict[str, Any], found: list[str]) -> list[str]:
    categories = values.get("categories")
    if categories is not None and not isinstance(categories, list):
        raise Refused("json: cannot unmarshal value into Go struct field .categories of type []json.RawMessage")
    return [*found, "field 'categories' must have a minimum of 1 items"] if categories == [] else found


def _read_category(data: Any, rules: EngineRules) -> Category:
    try:
        values = check_types(data, _CATEGORY, "categoryEnvelope")
        # `9` takes categories without a name
        fields = _CATEGORY if rules.is_new else (_CATEGORY[0], _CATEGORY[2])
        refuse_problems(problems(values, fields, rules))
    except Refused as error:
        raise Refused(f"unable to read category: {error}") from None
    return Category(values["uuid"], values.get("name") or "", values["exit_uuid"])


def _case(values: dict[str, Any]) -> Case:
    arguments = tuple(text or "" for text in values.get("arguments") or ())
    return Case(values.get("uuid") or "", values.get("type") or "", arguments, values.get("category_uuid") or "")


def _read_wait(data: Any, rules: EngineRules) -> Wait:
    try:
        kind = type_of(data)
        if kind not in ("msg", "dial"):
            raise Refused(f"unknown type: '{kind}'")
        values = check_types(data, _WAIT, "baseWaitEnvelope")
        refuse_problems(problems(values, _WAIT, rules))
        hint = _read_hint(values.get("hint"), rules)
    except Refused as error:
        raise Refused(f"unable to read wait: {error}") from None
    timeout = values.get("timeout") or {}
    return Wait(kind, timeout.get("seconds"), timeout.get("category_uuid") or "", hint)


def _read_hint(data: Any, rules: EngineRules) -> dict[str, Any] | None:
    if data is None:
        return None
    kind = type_of(data)
    if kind not in _HINTS:
        raise Refused(f"unable to read hint: unknown type: '{kind}'" if not rules.is_new else f"unknown type: '{kind}'")
    return dict(data)
