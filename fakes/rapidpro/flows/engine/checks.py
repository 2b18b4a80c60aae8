"""Checking JSON objects of a definition by a table of their fields.

A defect is told as the engine tells it: `field 'method' is not a valid HTTP method`.
Source: goflow utils/validator.go and the `validate` tags of its structures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fakes.rapidpro.flows.context import SCHEMES
from fakes.rapidpro.flows.engine.refused import Refused
from fakes.rapidpro.versions.engines import EngineRules

Kind = Literal["text", "texts", "named texts", "flag", "integer", "object", "objects", "any"]
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\Z")
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
_ATTACHMENT = re.compile(r"(?:image|audio|video|application|geo|unavailable|\w+/[-+.\w]+):(?s:.)+\Z", re.I | re.A)
_LOCAL = re.compile(r"[a-z_][a-z0-9_]{0,63}\Z")
MOST = 1 << 63
"""Integers are below it: they have 64 bits."""
MAX_KEY = 100
"""Characters of a header's name."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
STATUSES = ("active", "blocked", "stopped", "archived")
FLOW_TYPES = ("messaging", "messaging_background", "messaging_offline", "voice")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a JSON object.

    `most`: items of a list, characters of a text; `each_most`: characters of each text of a list (both checked by
    `new` only). `check`: a further rule, by name. `fields`: the fields of an object, or of each object of a list.
    `part`: the Go structure that declares the field if it is a shared one, as error messages show it.
    """

    name: str
    kind: Kind = "text"
    needed: bool = False
    check: str = ""
    least: int = 0
    most: int | None = None
    each_most: int | None = None
    fields: tuple[Field, ...] = ()
    part: str = ""
    exclusive: bool = False
    """The object may hold a `uuid` or a template, not both."""


def is_language(code: str) -> bool:
    """Whether a code of three letters is a language's (ISO 639-3)."""
    import pycountry  # slow to load

    return re.fullmatch("[a-zA-Z]{3}", code) is not None and pycountry.languages.get(alpha_3=code.lower()) is not None


def is_attachment(text: str) -> bool:
    """Whether a text is `type:url`."""
    return _ATTACHMENT.match(text) is not None


def check_types(values: Any, fields: tuple[Field, ...], struct: str) -> dict[str, Any]:
    """The object itself. Refused if it is none, or if a field has another JSON type; null counts as absent."""
    if not isinstance(values, dict):
        raise Refused(f"json: cannot unmarshal {json_kind(values)} into Go value of type {struct}")
    for field in fields:
        value = values.get(field.name)
        if value is None:
            continue
        wrong = _wrong_part(value, field)
        if wrong is not None:
            place = ".".join(part for part in (struct, field.part, field.name) if part)
            raise Refused(
                f"json: cannot unmarshal {json_kind(wrong)} into Go struct field {place} of type {_go(field)}"
            )
        for item in _objects(value, field):
            check_types(item, field.fields, f"{struct}.{field.name}")
    return values


def _objects(value: Any, field: Field) -> list[Any]:
    if field.kind == "object" and field.fields:
        return [value]
    return [one for one in value if one is not None] if field.kind == "objects" and field.fields else []


def is_integer(value: Any) -> bool:
    """Whether a value is an integer of 64 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and -MOST <= value < MOST


def _wrong_part(value: Any, field: Field) -> Any:
    if field.kind == "any":
        return None
    if field.kind in ("texts", "objects"):
        if not isinstance(value, list):
            return value
        wanted: type = str if field.kind == "texts" else dict
        return next((one for one in value if one is not None and not isinstance(one, wanted)), None)
    if field.kind == "named texts":
        if not isinstance(value, dict):
            return value
        return next((one for one in value.values() if one is not None and not isinstance(one, str)), None)
    if field.kind == "integer":
        return None if is_integer(value) else value
    kinds: dict[str, type] = {"text": str, "flag": bool, "object": dict}
    return None if isinstance(value, kinds[field.kind]) else value


def _go(field: Field) -> str:
    return {
        "text": "string", "texts": "string", "named texts": "string", "flag": "bool", "integer": "int",
    }.get(field.kind, "object")  # fmt: skip


def json_kind(value: Any) -> str:
    """A JSON value's type, as the engine names it."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return {str: "string", list: "array", dict: "object", type(None): "null"}.get(type(value), "value")


def problems(values: Mapping[str, Any], fields: tuple[Field, ...], rules: EngineRules, where: str = "") -> list[str]:
    """All defects of an object whose types are right, in the order of its fields."""
    found: list[str] = []
    for field in fields:
        value = values.get(field.name)
        name = f"{where}.{field.name}" if where else field.name
        problem = _problem(value, field, rules)
        if problem:
            found.append(f"field '{name}' {problem}")
            continue
        found += _inner_problems(value, field, rules, name)
    return found


def _problem(value: Any, field: Field, rules: EngineRules) -> str:
    many = field.kind in ("texts", "objects", "named texts")
    if field.needed and (value is None or (not many and value in ("", 0) and value is not False)):
        return "is required"
    if value is None or (not many and value == ""):
        return _rule_problem("", field, rules) if field.check in ("scheme", "status") else ""
    if many and len(value) < field.least:
        return f"must have a minimum of {field.least} items"
    if rules.checks_limits and field.most is not None and len(value) > field.most:
        if field.check in ("result_name", "result_category"):
            return _NAMES[field.check]
        is_list = field.kind in ("texts", "objects")
        return (
            f"must have a maximum of {field.most} items" if is_list else f"must be less than or equal to {field.most}"
        )
    return _rule_problem(value, field, rules) if isinstance(value, str) else ""


_NAMES = {"result_name": "is not a valid result name", "result_category": "is not a valid result category"}


def _rule_problem(value: str, field: Field, rules: EngineRules) -> str:
    if field.check == "uuid":
        good = (_UUID4 if rules.uuid_versions == "4" else _UUID).match(value)
        return "" if good else rules.uuid_words
    choices: dict[str, tuple[tuple[str, ...], str]] = {
        "method": (METHODS, "is not a valid HTTP method"),
        "status": (STATUSES, "is not a valid contact status"),
        "scheme": (SCHEMES, "is not a valid URN scheme"),
        "flow_type": (FLOW_TYPES, "is not a valid flow type"),
        "operation": (("set", "increment", "clear"), "failed tag 'eq=set|eq=increment|eq=clear'"),
    }
    if field.check in choices:
        known, words = choices[field.check]
        return "" if value in known else words
    if field.check == "local":
        return "" if _LOCAL.match(value) else "is not a valid local variable reference"
    if field.check == "language":
        return "" if is_language(value) else "is not a valid language code"
    return ""


def _inner_problems(value: Any, field: Field, rules: EngineRules, name: str) -> list[str]:
    if value is None:
        return []
    if field.kind == "object" and field.fields:
        return problems(value, field.fields, rules, name) + _exclusive(value, field, name)
    if field.kind == "objects" and field.fields:
        found = []
        for index, one in enumerate(value):
            if one is not None:
                place = f"{name}[{index}]"
                found += problems(one, field.fields, rules, place) + _exclusive(one, field, place)
        return found
    if field.kind in ("texts", "named texts"):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        if isinstance(value, dict) and rules.checks_limits and any(len(key) > MAX_KEY for key in value):
            long = next(key for key in value if len(key) > MAX_KEY)
            return [f"field '{name}[{long}]' must be less than or equal to {MAX_KEY}"]
        return [p for key, one in pairs if (p := _text_problem(one or "", field, rules, f"{name}[{key}]"))]
    return []


def _text_problem(text: str, field: Field, rules: EngineRules, name: str) -> str:
    if field.check == "attachment" and rules.checks_attachments and not is_attachment(text):
        return f"field '{name}' is not a valid attachment"
    if rules.checks_limits and field.each_most is not None and len(text) > field.each_most:
        return f"field '{name}' must be less than or equal to {field.each_most}"
    return ""


def _exclusive(value: Mapping[str, Any], field: Field, where: str) -> list[str]:
    if not field.exclusive:
        return []
    other = next((one.name for one in field.fields if one.name not in ("uuid", "name")), "name_match")
    if bool(value.get("uuid")) != bool(value.get(other)):
        return []
    return [
        f"field '{where}.uuid' is mutually exclusive with '{other}'",
        f"field '{where}.{other}' is mutually exclusive with 'uuid'",
    ]


def refuse_problems(found: list[str]) -> None:
    """Refused with all defects, if there are any."""
    if found:
        raise Refused(", ".join(found))
