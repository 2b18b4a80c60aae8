"""Values for display, by the workspace's settings: `1,234.5`, `04-03-2026 08:06`, one line per property."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

from fakes.rapidpro.flows.expressions.environment import Env
from fakes.rapidpro.flows.expressions.functions_date import format_date, format_datetime, format_time
from fakes.rapidpro.flows.expressions.functions_number import grouped
from fakes.rapidpro.flows.expressions.values import DateTime, ObjectValue, Value, render, size_of


def format_value(value: Value, env: Env) -> str:
    """The display form of a value. ExpressionError for an error."""
    size_of(value)
    return _format(value, env)


def _format(value: Value, env: Env) -> str:
    if isinstance(value, Decimal):
        return grouped(value, None, env)
    if isinstance(value, DateTime):
        return format_datetime(env, value)
    if isinstance(value, date):
        return format_date(env, value)
    if isinstance(value, time):
        return format_time(env, value)
    if isinstance(value, list):
        return _format_list([_format(item, env) for item in value])
    if isinstance(value, ObjectValue):
        return _format_object(value, env)
    return render(value)


def _format_list(parts: list[str]) -> str:
    if not any("\n" in part for part in parts):
        return ", ".join(parts)
    return "\n".join("-" + _indented(part)[1:] for part in parts)


def _format_object(value: ObjectValue, env: Env) -> str:
    if value.has_default:
        return _format(value.default, env)
    lines = []
    for name in value.names():
        text = _format(value.properties[name], env)
        lines.append(f"{name}:\n{_indented(text)}" if "\n" in text else f"{name}: {text}")
    return "\n".join(lines)


def _indented(text: str) -> str:
    return "\n".join("  " + line for line in text.split("\n"))
