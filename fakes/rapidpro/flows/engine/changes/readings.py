"""What a text is as a number and as a time, for contact fields. Source: goflow core/field.go, envs/dates.go."""

from __future__ import annotations

from decimal import Decimal

from fakes.rapidpro.flows.engine.state.contact import FieldValue
from fakes.rapidpro.flows.expressions import Env
from fakes.rapidpro.flows.expressions.conversion import parse_datetime_text
from fakes.rapidpro.flows.expressions.datetimes import to_datetime
from fakes.rapidpro.flows.expressions.numeric import parse_number
from fakes.rapidpro.flows.expressions.values import DateTime, ExpressionError, iso_text

MAX_TEXT = 640


def field_value(text: str, env: Env) -> FieldValue | None:
    """The value of a field; None for an empty text. Every text is read as number and as time."""
    if not text:
        return None
    at = datetime_in(text, env)
    return FieldValue(text[:MAX_TEXT], number_in(text, env), None if at is None else iso_text(at))


def is_same(first: FieldValue | None, second: FieldValue | None) -> bool:
    """Whether two values are equal; times in different zones may be."""
    if first is None or second is None:
        return first is second
    moments = [None if one.datetime is None else parse_datetime_text(one.datetime) for one in (first, second)]
    return (first.text, first.number) == (second.text, second.number) and moments[0] == moments[1]


def number_in(text: str, env: Env) -> Decimal | None:
    """The number that the whole text is."""
    try:
        return parse_number(text, env.generation)
    except ExpressionError:
        return None


def datetime_in(text: str, env: Env) -> DateTime | None:
    """The time in the text; one without a time of day gets the current one."""
    try:
        return to_datetime(text, env, fill_time=True)
    except ExpressionError:
        return None
