"""Reading a workspace of its JSON form, together with the fields and groups of a bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fakes.rapidpro.flows.engine.state.workspace import (
    Channel,
    FieldDefinition,
    GlobalValue,
    Group,
    Named,
    Resthook,
    User,
    Workspace,
)

Json = Mapping[str, Any]
_FIELD_TYPES = {"numeric": "number", "N": "number", "D": "datetime", "T": "text"}


def read_workspace(values: Json, env: Json, languages: tuple[str, ...], bundle: Json) -> Workspace:
    """The workspace; what only the bundle lists exists too. KeyError, TypeError, ValueError if it is not valid."""
    fields = _merged(_list(values, "fields", _field), _list(bundle, "fields", _field), lambda one: one.key)
    groups = _merged(_list(values, "groups", _group), _list(bundle, "groups", _group), lambda one: one.uuid)
    return Workspace(
        timezone=env.get("timezone") or "UTC",
        country=env.get("country") or "",
        date_format=env.get("date_format") or "DD-MM-YYYY",
        time_format=env.get("time_format") or "tt:mm",
        decimal=_symbol(env, "decimal_symbol", "."),
        grouping=_symbol(env, "digit_grouping_symbol", ","),
        redacts_urns=env.get("redaction") == "urns",
        languages=languages,
        fields=fields,
        groups=groups,
        labels=_list(values, "labels", _named),
        channels=_list(values, "channels", _channel),
        globals=_list(values, "globals", _global),
        topics=_list(values, "topics", _named),
        users=_list(values, "users", _user),
        classifiers=_list(values, "classifiers", _named),
        resthooks=_list(values, "resthooks", _resthook),
        templates=tuple(values.get("templates") or ()),
    )


def _symbol(env: Json, name: str, usual: str) -> str:
    found = (env.get("number_format") or {}).get(name, usual)
    if not isinstance(found, str) or len(found) > 1:
        raise ValueError(f"env.number_format.{name} must be one character, got {found!r}")
    return found


def _list(values: Json, name: str, read: Callable[[Json], Any]) -> tuple[Any, ...]:
    return tuple(read(one) for one in values.get(name) or ())


def _merged(first: tuple[Any, ...], second: tuple[Any, ...], key: Callable[[Any], str]) -> tuple[Any, ...]:
    known = {key(one) for one in first}
    return (*first, *(one for one in second if key(one) not in known))


def _field(one: Json) -> FieldDefinition:
    kind = str(one.get("type") or "text")
    return FieldDefinition(one["key"], str(one.get("name") or ""), _FIELD_TYPES.get(kind, kind))


def _group(one: Json) -> Group:
    return Group(one["uuid"], one["name"], one.get("query") or "")


def _named(one: Json) -> Named:
    return Named(one["uuid"], one["name"])


def _channel(one: Json) -> Channel:
    return Channel(
        one["uuid"],
        one["name"],
        one.get("address") or "",
        tuple(one.get("schemes") or ()),
        tuple(one.get("roles") or ()),
        one.get("country") or "",
    )


def _global(one: Json) -> GlobalValue:
    return GlobalValue(one["key"], one.get("name") or one["key"], str(one.get("value") or ""))


def _user(one: Json) -> User:
    return User(one.get("uuid") or "", one.get("name") or "", one["email"])


def _resthook(one: Json) -> Resthook:
    return Resthook(one["slug"], tuple(one.get("subscribers") or ()))
