"""Functions on dates and times."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType

from fakes.rapidpro.flows.expressions import layouts
from fakes.rapidpro.flows.expressions.datetimes import add, check_unit, difference, to_datetime
from fakes.rapidpro.flows.expressions.environment import Env, zone
from fakes.rapidpro.flows.expressions.names import Names, names_of
from fakes.rapidpro.flows.expressions.numeric import EXACT, to_number
from fakes.rapidpro.flows.expressions.signature import clock, day, declare, integer, moment, number, text
from fakes.rapidpro.flows.expressions.values import DateTime, ExpressionError, Value, offset_text

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def now(env: Env) -> DateTime:
    return DateTime(env.now.astimezone(env.home or env.timezone))


def epoch(_env: Env, value: DateTime) -> Decimal:
    microseconds = (value.at.astimezone(UTC) - EPOCH) // MICROSECOND
    return EXACT.divide(Decimal(microseconds * 1000 + value.nanoseconds), Decimal(10**9))


def datetime_from_epoch(env: Env, value: Decimal) -> DateTime:
    nanoseconds = int(EXACT.multiply(value, Decimal(10**9)))
    if not -(2**63) <= nanoseconds < 2**63:
        raise ExpressionError("epoch time is out of range")
    try:
        at = EPOCH + timedelta(microseconds=nanoseconds // 1000)
        return DateTime(at.astimezone(env.timezone), nanoseconds % 1000)
    except OverflowError:
        raise ExpressionError("epoch value is out of range") from None


def default_layout(env: Env) -> str:
    return f"{env.date_format} {env.time_format}"


def format_datetime(env: Env, value: DateTime, layout: str | None = None, zone_name: str | None = None) -> str:
    """In the workspace's zone unless another one is named."""
    try:
        local = value.at.astimezone(env.timezone if zone_name is None else zone(zone_name))
    except (ValueError, OverflowError) as error:
        raise ExpressionError(str(error)) from None
    at = DateTime(local, value.nanoseconds)
    return layouts.write(at, default_layout(env) if layout is None else layout, names=_names(env))


def _names(env: Env) -> Names:
    return names_of(env.language, env.generation)


def format_date(env: Env, value: date, layout: str | None = None) -> str:
    at = DateTime(datetime.combine(value, time(), UTC))
    return layouts.write(at, env.date_format if layout is None else layout, layouts.DATE_PIECES, _names(env))


def format_time(env: Env, value: time, layout: str | None = None) -> str:
    at = DateTime(datetime.combine(date(2000, 1, 1), value, UTC))
    return layouts.write(at, env.time_format if layout is None else layout, layouts.TIME_PIECES, _names(env))


def parse_datetime(env: Env, value: str, layout: str, zone_name: str | None = None) -> DateTime:
    try:
        where = env.timezone if zone_name is None else zone(zone_name)
    except ValueError as error:
        raise ExpressionError(str(error)) from None
    return layouts.read(value, layout, where)


def date_from_parts(_env: Env, year: int, month: int, number_of_day: int) -> date:
    """A day beyond the end of the month runs over into the next month."""
    if not 1 <= month <= 12:
        raise ExpressionError(f"invalid value for month, must be 1-12, got {month}")
    try:
        return date(year, month, 1) + timedelta(days=number_of_day - 1)
    except (ValueError, OverflowError):
        raise ExpressionError("date is out of range") from None


def time_from_parts(_env: Env, hour: int, minute: int, second: int) -> time:
    try:
        return time(hour, minute, second)
    except ValueError as error:
        raise ExpressionError(f"invalid value: {error}") from None


def week_number(_env: Env, value: date) -> Decimal:
    """Weeks begin on Sunday; the week of 1 January is the first, or the second if it begins on that day."""
    return Decimal((value.timetuple().tm_yday - 1 - value.isoweekday() % 7 + 7) // 7 + 1)


def tz(_env: Env, value: DateTime) -> str:
    return "UTC" if value.at.tzinfo is UTC else str(getattr(value.at.tzinfo, "key", ""))


def legacy_add(env: Env, first: Value, second: Value) -> Value:
    """Days to a date, or two numbers."""
    dates = [_or_none(to_datetime, value, env) for value in (first, second)]
    if all(dates):
        raise ExpressionError("cannot operate on two dates")
    for at, other in ((dates[0], second), (dates[1], first)):
        days = _or_none(lambda value, e: to_number(value, e.generation), other, env)
        if at is not None and days is not None:
            if not -(2**31) <= int(days) < 2**31:
                raise ExpressionError("cannot operate on integers greater than 32 bit")
            return add(at, int(days), "D")
    return EXACT.add(to_number(first, env.generation), to_number(second, env.generation))


def _or_none(convert, value: Value, env: Env):  # type: ignore[no-untyped-def] # returns what `convert` returns
    try:
        return convert(value, env)
    except ExpressionError:
        return None


DATE_FUNCTIONS = MappingProxyType({
    "now": declare()(now),
    "today": declare()(lambda env: now(env).at.date()),
    "epoch": declare(moment)(epoch),
    "datetime_from_epoch": declare(number)(datetime_from_epoch),
    "format_datetime": declare(moment, text, text, needed=1)(format_datetime),
    "format_date": declare(day, text, needed=1)(format_date),
    "format_time": declare(clock, text, needed=1)(format_time),
    "parse_datetime": declare(text, text, text, needed=2)(parse_datetime),
    "parse_time": declare(text, text)(
        lambda env, value, layout: layouts.read(value, layout, env.timezone, layouts.TIME_PIECES).at.time()
    ),
    "datetime_add": declare(moment, integer, text)(
        lambda _env, value, count, unit: add(value, count, check_unit(unit))
    ),
    "datetime_diff": declare(moment, moment, text)(
        lambda _env, first, second, unit: Decimal(difference(first, second, check_unit(unit)))
    ),
    "date_from_parts": declare(integer, integer, integer)(date_from_parts),
    "time_from_parts": declare(integer, integer, integer)(time_from_parts),
    "replace_time": declare(moment, clock)(
        lambda _env, value, at: DateTime(datetime.combine(value.at.date(), at, value.at.tzinfo))
    ),
    "weekday": declare(day)(lambda _env, value: Decimal(value.isoweekday() % 7)),
    "week_number": declare(day)(week_number),
    "tz": declare(moment)(tz),
    "tz_offset": declare(moment)(lambda _env, value: offset_text(value.at, z_for_utc=False, colon="")),
    "legacy_add": declare(lambda value, _env: value, lambda value, _env: value)(legacy_add),
})  # fmt: skip
