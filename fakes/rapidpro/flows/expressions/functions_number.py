"""Functions on numbers, and logical functions."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType

from fakes.rapidpro.flows.expressions.environment import Env
from fakes.rapidpro.flows.expressions.numeric import EXACT, in_range
from fakes.rapidpro.flows.expressions.signature import any_value, boolean, declare, integer, number, raw
from fakes.rapidpro.flows.expressions.values import ErrorValue, ExpressionError, Value, render, truthy

MAX_PLACES = 1_000


def divided(first: Decimal, second: Decimal, places: int = 16) -> Decimal:
    """The quotient to so many places, rounded half away from zero. ExpressionError for a division by zero."""
    if second == 0:
        raise ExpressionError("division by zero")
    return EXACT.divide(first, second).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, EXACT)


def rounded(value: Decimal, places: int) -> Decimal:
    """The number to so many places after the point (negative: before it), rounded half away from zero."""
    places = max(-MAX_PLACES, min(MAX_PLACES, places))
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= places:
        return value
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, EXACT)


def _round_function(direction: int):  # type: ignore[no-untyped-def] # a function of the shape of `rounded`
    def towards(env: Env, value: Decimal, places: int = 0) -> Decimal:
        places = max(-MAX_PLACES, min(MAX_PLACES, places))
        near = rounded(value, places)
        if (near - value) * direction < 0:
            near = EXACT.add(near, Decimal(direction).scaleb(-places))
        return in_range(near, env.generation)

    return towards


def mean(env: Env, *values: Decimal) -> Decimal:
    return in_range(divided(total(env, values), Decimal(len(values))), env.generation)


def total(env: Env, values: tuple[Decimal, ...] | list[Decimal]) -> Decimal:
    """The sum. ExpressionError when it is out of range."""
    result = Decimal(0)
    for value in values:
        result = in_range(EXACT.add(result, value), env.generation)
    return result


def mod(_env: Env, first: Decimal, second: Decimal) -> Decimal:
    if second == 0:
        raise ExpressionError("division by zero")
    return EXACT.remainder(first, second)


def percent(_env: Env, value: Decimal) -> str:
    whole = int(rounded(EXACT.multiply(value, Decimal(100)), 0))
    if not -(2**63) <= whole < 2**63:
        raise ExpressionError("percentage value is out of range")
    return f"{whole}%"


def format_number(env: Env, value: Decimal, places: int | None = None, group: bool = True) -> str:
    if places is not None and not 0 <= places <= 9:
        raise ExpressionError(f"must take 0-9 number of places, got {places}")
    return grouped(value, places, env, group)


def grouped(value: Decimal, places: int | None, env: Env, group: bool = True) -> str:
    """A number for display, by the workspace's symbols: `1,234.50`."""
    if places is None:
        text = render(value)
    else:
        rounded_value = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, EXACT)
        text = format(rounded_value if rounded_value else rounded_value.copy_abs(), "f")
    whole, point, part = text.partition(".")
    sign, whole = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    if group:
        whole = f"{int(whole):,}".replace(",", env.grouping)
    return sign + whole + (env.decimal if point else "") + part


def rand_between(env: Env, low: Decimal, high: Decimal) -> Decimal:
    if high < low:
        low, high = high, low
    return Decimal(env.rng.randint(int(low), int(high)))


def logical_and(env: Env, *values: Value) -> bool:
    return all(boolean(value, env) for value in values)


def logical_or(env: Env, *values: Value) -> bool:
    return any(boolean(value, env) for value in values)


def choose(env: Env, test: Value, yes: Value, no: Value) -> Value:
    """The branch not taken may be an error."""
    return yes if truthy(any_value(test, env)) else no


def default(_env: Env, value: Value, instead: Value) -> Value:
    try:
        return instead if render(value) == "" else value
    except ExpressionError:
        return instead


NUMBER_FUNCTIONS = MappingProxyType({
    "round": declare(number, integer, needed=1)(
        lambda env, value, places=0: in_range(rounded(value, places), env.generation)
    ),
    "round_up": declare(number, integer, needed=1)(_round_function(1)),
    "round_down": declare(number, integer, needed=1)(_round_function(-1)),
    "abs": declare(number)(lambda _env, value: value.copy_abs()),
    "mod": declare(number, number)(mod),
    "max": declare(number, rest=number)(lambda _env, *values: max(values)),
    "min": declare(number, rest=number)(lambda _env, *values: min(values)),
    "mean": declare(number, rest=number)(mean),
    "percent": declare(number)(percent),
    "format_number": declare(number, integer, boolean, needed=1)(format_number),
    "rand": declare()(lambda env: Decimal(repr(env.rng.random()))),
    "rand_between": declare(number, number)(rand_between),
    "and": declare(raw, rest=raw)(logical_and),
    "or": declare(raw, rest=raw)(logical_or),
    "if": declare(any_value, raw, raw)(choose),
    "default": declare(raw, raw)(default),
    "is_error": declare(raw)(lambda _env, value: isinstance(value, ErrorValue)),
})  # fmt: skip
