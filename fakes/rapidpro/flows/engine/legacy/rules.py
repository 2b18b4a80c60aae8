"""The rules of legacy rule sets: categories, exits and cases. Source: goflow flows/definition/legacy/definition.go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.flows.engine.checks import Field, check_types
from fakes.rapidpro.flows.engine.legacy.actions import reference_or_name
from fakes.rapidpro.flows.engine.legacy.templates import current_template
from fakes.rapidpro.flows.engine.legacy.texts import Json, Localization, base_of, json_object, made_uuid, translations
from fakes.rapidpro.flows.engine.refused import Refused

_TESTS: Mapping[str, str] = MappingProxyType({
    "between": "has_number_between", "contains": "has_all_words", "contains_any": "has_any_word",
    "contains_only_phrase": "has_only_phrase", "contains_phrase": "has_phrase", "date": "has_date",
    "date_after": "has_date_gt", "date_before": "has_date_lt", "date_equal": "has_date_eq",
    "district": "has_district", "has_email": "has_email", "eq": "has_number_eq", "gt": "has_number_gt",
    "gte": "has_number_gte", "in_group": "has_group", "lt": "has_number_lt", "lte": "has_number_lte",
    "not_empty": "has_text", "number": "has_number", "phone": "has_phone", "regex": "has_pattern",
    "starts": "has_beginning", "state": "has_state", "ward": "has_ward", "subflow": "has_only_text",
    "webhook_status": "has_only_text", "airtime_status": "has_category",
})  # fmt: skip
_TIMEOUT = (Field("minutes", "integer"),)
_BARE = frozenset({"date", "has_email", "not_empty", "number", "phone", "state"})
_NUMBERS = frozenset({"eq", "gt", "gte", "lt", "lte"})
_TEXTS = frozenset({"contains", "contains_any", "contains_phrase", "contains_only_phrase", "regex", "starts"})
_DATES = frozenset({"date_equal", "date_after", "date_before"})


@dataclass(slots=True)
class Rules:
    """What the rules of one rule set become."""

    cases: list[Json] = field(default_factory=list)
    categories: list[Json] = field(default_factory=list)
    exits: list[Json] = field(default_factory=list)
    default: str = ""
    timeout: str = ""
    """The categories that are taken without a test."""
    timeout_seconds: int = 0


def current_rules(rules: list[Json], known: set[str], localization: Localization, place: str) -> Rules:
    """The rules of a rule set. `known`: the UUIDs of all nodes. Refused if a test is not known."""
    found = Rules()
    categories = _categories(rules, known, localization, place, found)
    for index, (rule, category) in enumerate(zip(rules, categories, strict=True)):
        test = json_object(rule.get("test"))
        kind = str(test.get("type") or "")
        if kind == "true":
            found.default = category
            continue
        if kind == "timeout":
            found.timeout = category
            check_types(test, _TIMEOUT, "TimeoutTest")
            found.timeout_seconds = found.timeout_seconds or 60 * (test.get("minutes") or 0)
            continue
        if kind in ("webhook_status", "airtime_status"):
            found.default = category  # the last one: failure
        uuid = made_uuid(place, "case", index)
        arguments = _arguments(kind, test, uuid, localization)
        if arguments is not None:
            found.cases.append({
                "uuid": uuid, "type": _TESTS[kind], "arguments": arguments, "category_uuid": category,
            })  # fmt: skip
    return found


def _categories(rules: list[Json], known: set[str], localization: Localization, place: str, found: Rules) -> list[str]:
    """The category of each rule; rules whose categories have the same name share one."""
    by_name: dict[str, str] = {}
    taken: list[str] = []
    for index, rule in enumerate(rules):
        texts = translations(rule.get("category"))
        name = base_of(texts, localization.language)
        is_other = json_object(rule.get("test")).get("type") == "true"
        uuid = "" if is_other else by_name.get(name, "")
        if not uuid:
            uuid = made_uuid(place, "category", index)
            destination = rule.get("destination")
            exit_ = {
                "uuid": rule.get("uuid") or "",
                **({"destination_uuid": destination} if destination in known else {}),
            }
            found.exits.append(exit_)
            found.categories.append({"uuid": uuid, "name": name, "exit_uuid": exit_["uuid"]})
        by_name[name] = uuid
        localization.add(texts, uuid, "name")
        taken.append(uuid)
    return taken


def _arguments(kind: str, test: Json, uuid: str, localization: Localization) -> list[str] | None:
    """The arguments of a test; None: it needs no case."""
    if kind not in _TESTS:
        raise Refused(f"migration of '{kind}' tests not supported")
    if kind in _BARE:
        return []
    if kind in _NUMBERS:
        return [current_template(_plain(test.get("test")))]
    if kind == "between":
        return [current_template(_plain(test.get(name))) for name in ("min", "max")]
    if kind in _TEXTS:
        texts = translations(test.get("test"))
        localization.add(texts, uuid, "arguments")
        text = base_of(texts, localization.language)
        return [text if kind == "regex" else current_template(text)]
    if kind in _DATES:
        return [current_template(_plain(test.get("test")), raw_dates=True)]
    return _special_arguments(kind, test)


def _special_arguments(kind: str, test: Json) -> list[str] | None:
    if kind == "in_group":
        group = reference_or_name(test.get("test"))
        return [group.get("uuid") or "", group.get("name") or group.get("name_match") or ""]
    if kind == "subflow":
        return [_plain(test.get("exit_type"))]
    if kind == "webhook_status":
        return ["Success" if test.get("status") == "success" else "Failure"]
    if kind == "airtime_status":
        return ["Success"] if test.get("exit_status") == "success" else None
    if kind == "ward":
        return [current_template(_plain(test.get(name))) for name in ("district", "state")]
    return [current_template(_plain(test.get("test")))]


def _plain(value: Any) -> str:
    if isinstance(value, dict | list):
        raise Refused(
            "expected string or number, not {" if isinstance(value, dict) else "expected string or number, not ["
        )
    return "" if value is None else str(value)
