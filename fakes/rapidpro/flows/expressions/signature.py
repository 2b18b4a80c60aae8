"""The signatures of functions: how many arguments, and the type that each is converted to before the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fakes.rapidpro.flows.expressions import datetimes
from fakes.rapidpro.flows.expressions.environment import MAX_ITEMS, Env
from fakes.rapidpro.flows.expressions.numeric import to_integer, to_number
from fakes.rapidpro.flows.expressions.values import (
    ErrorValue,
    ExpressionError,
    Function,
    ObjectValue,
    Value,
    describe,
    render,
    truthy,
)

Kind = Callable[[Value, Env], Any]
MANY = -1
"""No upper limit to the number of arguments."""


def any_value(value: Value, env: Env) -> Value:  # noqa: ARG001 - all kinds have the same signature
    """The value itself. ExpressionError for an error."""
    if isinstance(value, ErrorValue):
        raise ExpressionError(value.message)
    return value


def raw(value: Value, env: Env) -> Value:  # noqa: ARG001 - all kinds have the same signature
    """The value itself, even an error."""
    return value


def text(value: Value, env: Env) -> str:
    """The text form; reading a text costs a tenth of producing one."""
    rendered = render(value)
    env.budget.spend(len(rendered) // 10 if isinstance(value, str) else len(rendered))
    return rendered


def text_or_none(value: Value, env: Env) -> str | None:
    """The text form, but null stays null."""
    return None if value is None else text(value, env)


def number(value: Value, env: Env) -> Any:
    return to_number(value, env.generation)


def integer(value: Value, env: Env) -> int:
    return to_integer(value, env.generation)


def boolean(value: Value, env: Env) -> bool:
    return truthy(any_value(value, env))


def moment(value: Value, env: Env) -> Any:
    return datetimes.to_datetime(value, env)


def day(value: Value, env: Env) -> Any:
    return datetimes.to_date(value, env)


def clock(value: Value, env: Env) -> Any:
    return datetimes.to_time(value, env)


def array(value: Value, env: Env) -> list[Any]:
    value = any_value(value, env)
    if value is None:
        return []
    if isinstance(value, ObjectValue) and value.has_default:
        return array(value.default, env)
    if not isinstance(value, list):
        raise ExpressionError(f"unable to convert {describe(value)} to an array")
    return value


def record(value: Value, env: Env) -> ObjectValue:
    value = any_value(value, env)
    if value is None:
        return ObjectValue({})
    if not isinstance(value, ObjectValue):
        raise ExpressionError(f"unable to convert {describe(value)} to an object")
    return value


def function(value: Value, env: Env) -> Function:
    value = any_value(value, env)
    if not isinstance(value, Function):
        raise ExpressionError(f"unable to convert {describe(value)} to a function")
    return value


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One built-in function: the kinds of its arguments, how many are required, the kind of any further ones."""

    body: Callable[..., Value]
    kinds: tuple[Kind, ...] = ()
    needed: int = 0
    rest: Kind | None = None


def declare(*kinds: Kind, needed: int | None = None, rest: Kind | None = None) -> Callable[..., FunctionSpec]:
    """Declare a function: `declare(text, integer, needed=1)(body)`; the body gets the Env first."""

    def with_body(body: Callable[..., Value]) -> FunctionSpec:
        return FunctionSpec(body, kinds, len(kinds) if needed is None else needed, rest)

    return with_body


def built_in(name: str, spec: FunctionSpec) -> Function:
    """The function as a value."""

    def call(env: Env, arguments: list[Value]) -> Value:
        try:
            most = MANY if spec.rest else len(spec.kinds)
            _check_count(len(arguments), spec.needed, most)
            kinds = [*spec.kinds, *[spec.rest] * (len(arguments) - len(spec.kinds))]
            converted = [kind(value, env) for kind, value in zip(kinds, arguments, strict=False) if kind]
            result = spec.body(env, *converted)
        except ExpressionError as error:
            return ErrorValue(f"error calling {name}(...): {error}")
        except OverflowError:  # Python's years end at 9999
            return ErrorValue(f"error calling {name}(...): date is out of range")
        return _failed_inside(name, result)

    return Function(name, call)


def _failed_inside(name: str, result: Value) -> Value:
    return ErrorValue(f"error calling {name}(...): {result.message}") if isinstance(result, ErrorValue) else result


def _check_count(got: int, least: int, most: int) -> None:
    if least <= got and (got <= most or most == MANY):
        return
    if most == MANY:
        raise ExpressionError(f"need at least {least} argument(s), got {got}")
    needed = str(least) if least == most else f"{least} to {most}"
    raise ExpressionError(f"need {needed} argument(s), got {got}")


def limited(items: list[Any], env: Env) -> list[Any]:
    """The list itself. ExpressionError if it is longer than the engine allows."""
    env.budget.spend(len(items))
    if env.generation == "new" and len(items) > MAX_ITEMS:
        raise ExpressionError(f"cannot build an array with more than {MAX_ITEMS} items")
    return items
