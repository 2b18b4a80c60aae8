"""The operators. `=` and `!=` compare text forms, `&` joins them; all others are for numbers."""

from __future__ import annotations

from decimal import Decimal, localcontext

from fakes.rapidpro.flows.expressions.environment import Env
from fakes.rapidpro.flows.expressions.functions_number import divided, rounded
from fakes.rapidpro.flows.expressions.numeric import EXACT, in_range, to_number
from fakes.rapidpro.flows.expressions.values import ExpressionError, Value, render
from fakes.rapidpro.versions.generation import Generation

POWER_PLACES = 16
MAX_POWER = 100


def operate(operator: str, first: Value, second: Value, env: Env) -> Value:
    """The value of one operation. ExpressionError if it has none."""
    if operator in ("&", "=", "!="):
        left, right = render(first), render(second)
        if operator == "&":
            env.budget.spend(len(left) + len(right))
            return left + right
        env.budget.spend((len(left) + len(right)) // 10)
        return (left == right) is (operator == "=")
    x, y = to_number(first, env.generation), to_number(second, env.generation)
    if operator in _COMPARISONS:
        return x.compare(y) in _COMPARISONS[operator]
    return in_range(_arithmetic(operator, x, y, env.generation), env.generation)


_COMPARISONS = {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (1, 0)}


def _arithmetic(operator: str, x: Decimal, y: Decimal, generation: Generation) -> Decimal:
    if operator == "+":
        return EXACT.add(x, y)
    if operator == "-":
        return EXACT.subtract(x, y)
    if operator == "*":
        return EXACT.multiply(x, y)
    if operator == "/":
        return divided(x, y)
    return power(x, y) if generation == "new" else _old_power(x, y)


def power(base: Decimal, exponent: Decimal) -> Decimal:
    """Exact for whole exponents; else to six more places than the operands have digits."""
    if abs(exponent) > MAX_POWER:
        raise ExpressionError("number value out of range")
    if base == 0:
        return Decimal(0)
    whole = int(exponent)
    result = EXACT.power(base, abs(whole))
    if exponent < 0:
        result = divided(Decimal(1), result, POWER_PLACES)
    fraction = exponent - whole
    if fraction == 0:
        return result
    if base < 0:
        return Decimal(0)
    return EXACT.multiply(result, _fraction_power(base, fraction, exponent))


def _fraction_power(base: Decimal, fraction: Decimal, exponent: Decimal) -> Decimal:
    digits, more = len(base.as_tuple().digits), len(exponent.as_tuple().digits)
    scale = base.as_tuple().exponent
    places = digits + (more if more > digits else 0) + 6 - (scale if isinstance(scale, int) else 0)
    with localcontext() as context:
        context.prec = places + 60
        logarithm = rounded(base.ln(), places)
    return _exponential(EXACT.multiply(logarithm, fraction), places)


def _exponential(value: Decimal, places: int) -> Decimal:
    """e to the power of a value, by the same terms of the series and the same rounding as the engine."""
    term = power = value.copy_abs()
    least = Decimal(1).scaleb(-places - 1)
    result, factorial, count = Decimal(1), 1, 1
    while True:
        term = rounded(EXACT.divide(power, Decimal(factorial)), places + 1)
        result = EXACT.add(result, term)
        if term < least:
            break
        power = EXACT.multiply(power, value.copy_abs())
        count += 1
        factorial *= count
    if value < 0:
        result = rounded(EXACT.divide(Decimal(1), result), places + 1)
    return rounded(result, places)


def _old_power(base: Decimal, exponent: Decimal) -> Decimal:
    """The old engine calculates powers in binary floating point."""
    try:
        result = float(base) ** float(exponent)
    except (OverflowError, ZeroDivisionError):
        raise ExpressionError("number value out of range") from None
    if isinstance(result, complex) or result != result:
        return Decimal(0)
    return Decimal(repr(result))
