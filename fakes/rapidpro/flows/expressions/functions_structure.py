"""Functions that convert values, and create and process arrays and objects."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.flows.expressions.environment import Env
from fakes.rapidpro.flows.expressions.formatting import format_value
from fakes.rapidpro.flows.expressions.functions_number import total
from fakes.rapidpro.flows.expressions.json_text import parse_json, to_json
from fakes.rapidpro.flows.expressions.numeric import to_number
from fakes.rapidpro.flows.expressions.signature import (
    any_value,
    array,
    boolean,
    clock,
    day,
    declare,
    function,
    integer,
    limited,
    moment,
    number,
    raw,
    record,
    text,
)
from fakes.rapidpro.flows.expressions.values import (
    DateTime,
    ErrorValue,
    ExpressionError,
    Function,
    ObjectValue,
    Value,
    describe,
    render,
    size_of,
    truthy,
)


def make_object(_env: Env, *pairs: Value) -> ObjectValue:
    if len(pairs) % 2:
        raise ExpressionError("requires an even number of arguments")
    made = {render(pairs[i]): pairs[i + 1] for i in range(0, len(pairs), 2)}
    has_default = "__default__" in made
    return ObjectValue(
        {k: v for k, v in made.items() if k != "__default__"}, made.get("__default__"), has_default=has_default
    )


def count(_env: Env, value: Value) -> Decimal:
    if value is None:
        return Decimal(0)
    if isinstance(value, list):
        return Decimal(len(value))
    if isinstance(value, ObjectValue):
        return Decimal(len(value.properties))
    raise ExpressionError("value isn't countable")


def identity(value: Value) -> Any:
    """A comparison key: equal for values that are equal in type and content."""
    if isinstance(value, list):
        return list, tuple(identity(item) for item in value)
    if isinstance(value, ObjectValue):
        default = identity(value.default) if value.has_default else None
        return ObjectValue, default, tuple((name, identity(value.properties[name])) for name in value.names())
    return type(value), value


def contains(env: Env, items: list[Any], one: Value) -> bool:
    env.budget.spend(len(items) // 4)
    if not isinstance(one, list | ObjectValue):
        return any(type(item) is type(one) and item == one for item in items)
    size_of(one)
    alike = [item for item in items if type(item) is type(one)]
    env.budget.spend(size_of(alike))
    wanted = identity(one)
    return any(identity(item) == wanted for item in alike)


def join(env: Env, items: list[Any], separator: str) -> str:
    joined = separator.join(render(item) for item in items)
    env.budget.spend(len(joined))
    return joined


def sort(env: Env, items: list[Any]) -> Value:
    if len(items) < 2:
        return items
    for item in items:
        if not isinstance(item, str | Decimal | bool | DateTime | date | time):
            raise ExpressionError(f"{describe(item)} isn't a comparable type")
        if type(item) is not type(items[0]):
            raise ExpressionError("can't sort array of different types")
    return limited(sorted(items, key=lambda item: _sort_key(item)), env)


def _sort_key(item: Any) -> Any:
    return (item.at, item.nanoseconds) if isinstance(item, DateTime) else item


def unique(env: Env, items: list[Any]) -> Value:
    """The items without duplicates, in the order of their first appearance."""
    env.budget.spend(size_of(items))
    found: dict[Any, Any] = {}
    for item in items:
        found.setdefault(identity(item), item)
    return list(found.values())


def filter_items(env: Env, items: list[Any], test: Function) -> Value:
    return [item for item in items if truthy(_call(env, test, item))]


def foreach(env: Env, items: list[Any], change: Function, *further: Value) -> Value:
    return limited([_call(env, change, item, *further) for item in items], env)


def foreach_value(env: Env, container: ObjectValue, change: Function, *further: Value) -> ObjectValue:
    return ObjectValue({name: _call(env, change, value, *further) for name, value in container.properties.items()})


def _call(env: Env, what: Function, *arguments: Value) -> Value:
    env.budget.spend()
    result = what.call(env, list(arguments))
    if isinstance(result, ErrorValue):
        raise ExpressionError(result.message)
    if isinstance(result, str):
        env.budget.spend(len(result))
    return result


def extract_object(_env: Env, container: ObjectValue, *names: str) -> ObjectValue:
    return ObjectValue({name: container.get(name)[0] for name in names})


def slice_items(_env: Env, items: list[Any], start: int, end: int | None = None) -> Value:
    cut: list[Any] = items[start:end]
    return cut


def json(env: Env, value: Value) -> str:
    encoded = to_json(value)
    env.budget.spend(len(encoded))
    return encoded


STRUCTURE_FUNCTIONS = MappingProxyType({
    "text": declare(text)(lambda _env, value: value),
    "number": declare(number)(lambda _env, value: value),
    "boolean": declare(boolean)(lambda _env, value: value),
    "datetime": declare(moment)(lambda _env, value: value),
    "date": declare(day)(lambda _env, value: value),
    "time": declare(clock)(lambda _env, value: value),
    "array": declare(rest=any_value)(lambda env, *values: limited(list(values), env)),
    "object": declare(rest=any_value)(make_object),
    "count": declare(raw)(count),
    "contains": declare(array, any_value)(contains),
    "join": declare(array, text)(join),
    "concat": declare(array, array)(lambda env, first, second: limited([*first, *second], env)),
    "slice": declare(array, integer, integer, needed=2)(slice_items),
    "reverse": declare(array)(lambda _env, items: items[::-1]),
    "sort": declare(array)(sort),
    "sum": declare(array)(lambda env, items: total(env, [to_number(item, env.generation) for item in items])),
    "unique": declare(array)(unique),
    "filter": declare(array, function)(filter_items),
    "foreach": declare(array, function, rest=any_value)(foreach),
    "foreach_value": declare(record, function, rest=any_value)(foreach_value),
    "extract": declare(record, text)(lambda _env, container, name: container.get(name)[0]),
    "extract_object": declare(record, text, rest=text)(extract_object),
    "keys": declare(record)(lambda _env, container: list(container.names())),
    "json": declare(any_value)(json),
    "parse_json": declare(text)(lambda env, value: parse_json(value, env)),
    "format": declare(raw)(lambda env, value: "" if isinstance(value, ErrorValue) else format_value(value, env)),
})  # fmt: skip
