"""Numbers are decimals: what counts as a number, and how large it may be.

The new engine accepts 36 significant digits up to 1E±100, the old one any number.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal

from fakes.rapidpro.flows.expressions.values import (
    ErrorValue,
    ExpressionError,
    ObjectValue,
    Value,
    describe,
    quoted,
    render_number,
)
from fakes.rapidpro.versions.generation import Generation

EXACT = Context(prec=1200, rounding=ROUND_HALF_UP, Emax=999_999, Emin=-999_999, traps=[])
"""Wide enough that sums and products of numbers are exact."""
MAX_DIGITS = 36
MAX_EXPONENT = 100
MAX_INTEGER = 2**31 - 1
_NUMBER = re.compile(r"-?(?:[0-9]+|[0-9]+\.[0-9]+|\.[0-9]+)\Z")


def parse_number(text: str, generation: Generation = "new") -> Decimal:
    """The number in a text: digits with or without a fraction, nothing else. ExpressionError otherwise."""
    stripped = text.strip()
    if not _NUMBER.match(stripped) or len(stripped) > EXACT.prec:
        raise ExpressionError(f"unable to convert {quoted(text)} to a number")
    return in_range(Decimal(stripped), generation)


def in_range(value: Decimal, generation: Generation) -> Decimal:
    """The number itself if the engine accepts its size. The old engine accepts any; the limit here is 1E±600."""
    if not value.is_finite():
        raise ExpressionError("number value out of range")
    if value == 0:
        return Decimal(0)
    limit = MAX_EXPONENT if generation == "new" else 600
    if abs(value.adjusted()) > limit:
        raise ExpressionError("number value out of range")
    if generation == "new" and len("".join(map(str, value.as_tuple().digits)).rstrip("0")) > MAX_DIGITS:
        raise ExpressionError("number value out of range")
    return value


def to_number(value: Value, generation: Generation = "new") -> Decimal:
    """A value as a number. ExpressionError if it is not a number."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str):
        return parse_number(value, generation)
    if isinstance(value, ErrorValue):
        raise ExpressionError(value.message)
    if isinstance(value, ObjectValue) and value.has_default:
        return to_number(value.default, generation)
    raise ExpressionError(f"unable to convert {describe(value)} to a number")


def to_integer(value: Value, generation: Generation = "new") -> int:
    """A value as a whole number, truncated. ExpressionError if it is not a number or too large."""
    number = int(to_number(value, generation))
    if not -MAX_INTEGER - 1 <= number <= MAX_INTEGER:
        raise ExpressionError(f"number value {render_number(Decimal(number))} is out of range for an integer")
    return number
