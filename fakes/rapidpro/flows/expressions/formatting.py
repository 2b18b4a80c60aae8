"""Values for reading, by the workspace's settings: `1,234.5`, `04-03-2026 08:06`, one line per property."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

from fakes.rapidpro.flows.expressions.environment import Env
from fakes.rapidpro.flows.expressions.functions_date import format_date, format_datetime, format_time
from fakes.rapidpro.flows.expressions.functions_number import grouped
from fakes.rapidpro.flows.expressions.values import DateTime, ObjectValue, Value, render, weigh


def pretty(value: Value, env: Env) -> str:
    """The reading form of a value. ExpressionError for an error."""
    weigh(value)
    return _pretty(value, env)


def _pretty(value: Value, env: Env) -> str:
    if isinstance(value, Decimal):
        return grouped(value, None)
    if isinstance(value, DateTime):
        return format_datetime(env, value)
    if isinstance(value, date):
        return format_date(env, value)
    if isinstance(value, time):
        return format_time(env, value)
    if isinstance(value, list):
        return _pretty_list([_pretty(item, env) for item in value])
    if isinstance(value, ObjectValue):
        return _pretty_record(value, env)
    return render(value)


def _pretty_list(parts: list[str]) -> str:
    if not any("\n" in part for part in parts):
        return ", ".join(parts)
    return "\n".join("-" + _indented(part)[1:] for part in parts)


def _pretty_record(value: ObjectValue, env: Env) -> str:
    if value.has_default:
        return _pretty(value.default, env)
    lines = []
    for name in value.names():
        text = _pretty(value.properties[name], env)
        lines.append(f"{name}:\n{_indented(text)}" if "\n" in text else f"{name}: {text}")
    return "\n".join(lines)


def _indented(text: str) -> str:
    return "\n".join("  " + line for line in text.split("\n"))
