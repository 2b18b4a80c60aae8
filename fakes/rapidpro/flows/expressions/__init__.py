"""RapidPro's flow expressions: `@contact.name`, `@(upper(input.text))`.

`evaluate` is pure: it uses only its arguments. Based on facts about goflow v0.198.0 (RapidPro 9.0,
generation "9") and v0.293.0 (hosted TextIt in 2026, generation "new").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from fakes.rapidpro.flows.expressions.environment import Env, env_from_json
from fakes.rapidpro.flows.expressions.evaluation import Scope, value_of
from fakes.rapidpro.flows.expressions.parser import Node, parse, too_deep
from fakes.rapidpro.flows.expressions.scanner import Part, scan
from fakes.rapidpro.flows.expressions.values import (
    ErrorValue,
    ExpressionError,
    TooComplex,
    Value,
    render,
)
from fakes.rapidpro.versions.generation import Generation

__all__ = ["Env", "Evaluated", "env_from_json", "evaluate", "evaluate_typed", "evaluate_value"]

MAX_TEXT = 10_000
TOO_DEEP = "expression nesting too deep"
_FAILURES = (ExpressionError, TooComplex, RecursionError)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The resulting text, and one message for each expression that failed, which adds no text."""

    text: str
    errors: tuple[str, ...] = ()
    failed: tuple[str, ...] = field(default=(), compare=False)
    """The expressions that failed, as they stand in the template, one for each error."""
    warnings: tuple[str, ...] = field(default=(), compare=False)
    """One for each deprecated property that was used; see `evaluation.DEPRECATED`."""


def evaluate(
    template: str, context: Mapping[str, Any], env: Env, *, generation: Generation = "new",
    limit: int | None = MAX_TEXT, escape: Callable[[str], str] = str,
) -> Evaluated:  # fmt: skip
    """The text of a template; `escape` changes the text of each expression.

    `context`: top-level names (any case) to JSON-like values; a key `__default__` is an object's default, the single
    key `$datetime` makes a datetime; a function without arguments makes its value when it is needed. `limit`:
    characters after which the text is cut (webhook bodies: None).
    """
    if "@" not in template:
        return Evaluated(_cut(template, limit))
    scope = _scope(context, env, generation)
    parts: list[str] = []
    errors: list[str] = []
    failed: list[str] = []
    warnings: list[str] = []
    for kind, part in _parts(template, frozenset(scope.root)):
        if kind == "body":
            parts.append(part)
            continue
        try:
            scope.env.budget.spend()
            parts.append(escape(render(_value(part, scope))))
        except _FAILURES as error:
            errors.append(_message(error))
            failed.append(f"@{part}" if kind == "identifier" else f"@({part})")
        warnings += _warnings(scope)
    return Evaluated(_cut("".join(parts), limit), tuple(errors), tuple(failed), tuple(warnings))


def evaluate_value(template: str, context: Mapping[str, Any], env: Env, *, generation: Generation = "new") -> Value:
    """The value of a template that is one expression, or its ErrorValue; the text of any other template."""
    return evaluate_typed(template, context, env, generation=generation)[0]


def evaluate_typed(
    template: str, context: Mapping[str, Any], env: Env, *, generation: Generation = "new"
) -> tuple[Value, Evaluated]:
    """The value of a template as `evaluate_value` gives it, and what was to be noted on the way."""
    if "@" not in template:
        return template.strip(), Evaluated(template)
    scope = _scope(context, env, generation)
    parts = _parts(template.strip(), frozenset(scope.root))
    if len(parts) == 1 and parts[0][0] != "body":
        try:
            value = _value(parts[0][1], scope)
        except _FAILURES as error:
            value = ErrorValue(_message(error))
        return value, Evaluated("", warnings=tuple(_warnings(scope)))
    outcome = evaluate(template.strip(), context, env, generation=generation, limit=None)
    return outcome.text, outcome


def _warnings(scope: Scope) -> list[str]:
    """The warnings of the expression that was evaluated last, each once."""
    found = list(dict.fromkeys(scope.env.warnings))
    scope.env.warnings.clear()
    return found


def _scope(context: Mapping[str, Any], env: Env, generation: Generation) -> Scope:
    return Scope(context, env.with_own_budget(generation))


def _value(expression: str, scope: Scope) -> Value:
    if scope.env.generation == "new" and too_deep(expression):
        raise ExpressionError(TOO_DEEP)
    return value_of(_parsed(expression), scope)


@lru_cache(maxsize=512)
def _parsed(expression: str) -> Node:
    """The tree of an expression; the flows of a workspace use the same ones again and again."""
    return parse(expression)


@lru_cache(maxsize=256)
def _parts(template: str, top_levels: frozenset[str]) -> tuple[Part, ...]:
    """The parts of a template, which the flows of a workspace use again and again too."""
    return tuple(scan(template, top_levels))


def _message(error: Exception) -> str:
    return TOO_DEEP if isinstance(error, RecursionError) else str(error)


def _cut(text: str, limit: int | None) -> str:
    return text if limit is None or len(text) <= limit else text[: limit - 3] + "..."
