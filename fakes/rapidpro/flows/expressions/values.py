"""The types of values in flow expressions, and their conversion.

null is None, text is str, a number is Decimal, a boolean is bool, an array is a list; the other types are the
classes below. An error is a value too (`ErrorValue`): operations on it result in the same error.
Source: goflow excellent/types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias

MAX_SIZE = 2_000_000


class ExpressionError(Exception):
    """An expression, or a part of it, has no value; the text says why."""


class TooComplex(Exception):
    """The evaluation costs too much: it has no value, and nothing inside the expression can handle this."""

    def __init__(self) -> None:
        super().__init__("expression is too complex to evaluate")


@dataclass(frozen=True, slots=True)
class ErrorValue:
    """An error as a value."""

    message: str


@dataclass(frozen=True, slots=True)
class DateTime:
    """A date and time in its own zone, to the nanosecond."""

    at: datetime
    nanoseconds: int = 0
    """The nanoseconds below a microsecond, 0 to 999."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function: `call` gets the environment and the values of the arguments."""

    name: str
    call: Callable[[Any, list[Any]], Value] = field(repr=False)


class ObjectValue:
    """An object: properties by name, and perhaps a default, which is its value as text or number."""

    __slots__ = ("_by_lower", "_convert", "_known", "_unread", "default", "deprecated", "has_default")

    def __init__(
        self, properties: Mapping[str, Any], default: Any = None, *, has_default: bool = False,
        deprecated: Mapping[str, str] | None = None, convert: Callable[[Any], Value] | None = None,
    ) -> None:  # fmt: skip
        """`convert`: makes the value of a property when it is first asked for; None: they are values."""
        self._known = dict(properties)
        self._convert = convert
        self._unread = set() if convert is None else set(properties)
        self.deprecated = deprecated
        self.default = default
        self.has_default = has_default
        self._by_lower: dict[str, str] | None = None

    def get(self, name: str) -> tuple[Value, bool]:
        """The property, ignoring the case of its name, and whether it exists."""
        if name in self._known:
            return self._value(name), True
        if self._by_lower is None:
            self._by_lower = {key.lower(): key for key in self._known}
        key = self._by_lower.get(name.lower())
        return (None, False) if key is None else (self._value(key), True)

    @property
    def properties(self) -> dict[str, Value]:
        """The values of all properties by name."""
        for name in tuple(self._unread):
            self._value(name)
        return self._known

    def _value(self, name: str) -> Value:
        if self._convert is not None and name in self._unread:
            self._known[name] = self._convert(self._known[name])
            self._unread.discard(name)
        value: Value = self._known[name]
        return value

    def names(self) -> list[str]:
        """Property names in the order in which they are written."""
        return sorted(self._known, key=lambda name: name.encode("utf-8", "surrogatepass"))


Value: TypeAlias = (
    str | bool | Decimal | date | time | DateTime | Function | ObjectValue | ErrorValue | list[Any] | None
)


def size_of(value: Value) -> int:
    """Characters and items that the text form of a value needs. TooComplex if they are more than MAX_SIZE.

    Arrays share their items, so a few steps can make one that is too large to write.
    """
    total, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        total += 1
        if isinstance(one, str):
            total += len(one)
        elif isinstance(one, list):
            total += len(one)
            waiting.extend(one if total <= MAX_SIZE else ())
        elif isinstance(one, ObjectValue):
            waiting.extend(one.properties.values())
            waiting.append(one.default)
        if total > MAX_SIZE:
            raise TooComplex
    return total


def render(value: Value) -> str:
    """The text form of a value. ExpressionError for an error."""
    if isinstance(value, str):
        return value
    while isinstance(value, ObjectValue) and value.has_default:
        value = value.default
    if isinstance(value, list | ObjectValue):
        size_of(value)
    return _rendered(value)


def _rendered(value: Value) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return render_number(value)
    if isinstance(value, ErrorValue):
        raise ExpressionError(value.message)
    if isinstance(value, list):
        return "[" + ", ".join(_rendered(item) for item in value) + "]"
    if isinstance(value, ObjectValue):
        return _render_object(value)
    if isinstance(value, DateTime):
        return iso_text(value)
    if isinstance(value, Function):
        return value.name
    if isinstance(value, date):
        return value.isoformat()
    return value.strftime("%H:%M:%S.%f")


def _render_object(value: ObjectValue) -> str:
    if value.has_default:
        return _rendered(value.default)
    return "{" + ", ".join(f"{name}: {_rendered(value.properties[name])}" for name in value.names()) + "}"


def render_number(value: Decimal) -> str:
    """As a plain decimal without exponent and trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def iso_text(value: DateTime) -> str:
    """With six decimals (truncated) and the offset, which is `Z` for UTC."""
    return value.at.strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0") + offset_text(value.at, z_for_utc=True)


def offset_text(at: datetime, *, z_for_utc: bool, colon: str = ":") -> str:
    """The offset from UTC such as `+03:00`."""
    offset = at.utcoffset()
    minutes = 0 if offset is None else int(offset.total_seconds() / 60)
    if minutes == 0 and z_for_utc:
        return "Z"
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{sign}{minutes // 60:02d}{colon}{minutes % 60:02d}"


def truthy(value: Value) -> bool:
    """Whether a value counts as true. Midnight does not."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value != "" and value.lower() != "false"
    if isinstance(value, Decimal):
        return value != 0
    if isinstance(value, list):
        return bool(value)
    if isinstance(value, ObjectValue):
        return truthy(value.default) if value.has_default else bool(value.properties)
    if isinstance(value, time):
        return value != time(0)
    return not (value is None or isinstance(value, ErrorValue))


def quoted(text: str) -> str:
    """A text as error messages show it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def describe(value: Value) -> str:
    """A value as error messages name it."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return quoted(value)
    for kind, name in ((list, "array"), (ObjectValue, "object"), (Function, "function")):
        if isinstance(value, kind):
            return name
    return render(value)
