"""The value of a parsed expression.

Errors are values: an operation on an error results in that error.
Source: goflow excellent/tree.go, operators/builtin.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fakes.rapidpro.flows.expressions.conversion import when_asked
from fakes.rapidpro.flows.expressions.environment import Env
from fakes.rapidpro.flows.expressions.functions import lookup
from fakes.rapidpro.flows.expressions.numeric import in_range, to_integer, to_number
from fakes.rapidpro.flows.expressions.operators import operate
from fakes.rapidpro.flows.expressions.parser import Atom, Call, Chain, Dot, Index, Lambda, Literal, Name, Negated, Node
from fakes.rapidpro.flows.expressions.values import (
    ErrorValue,
    ExpressionError,
    Function,
    ObjectValue,
    Value,
    describe,
    render,
)

DEPRECATED = "__deprecated__"
"""In an object: the property names that are deprecated, with the warning that a lookup of each makes."""


class Scope:
    """The names that an expression can use: arguments of anonymous functions, then the context, then functions."""

    __slots__ = ("_arguments", "_converted", "_deprecated", "env", "root")

    def __init__(self, root: Mapping[str, Any], env: Env) -> None:
        self.root = {name.lower(): value for name, value in root.items()}
        self._deprecated = self.root.pop(DEPRECATED, None) or {}
        self.env = env
        self._converted: dict[str, Value] = {}
        self._arguments: dict[str, Value] = {}

    def with_arguments(self, names: tuple[str, ...], values: list[Value]) -> Scope:
        """This scope with additional names, which take precedence."""
        scope = Scope.__new__(Scope)
        scope.root, scope.env, scope._converted = self.root, self.env, self._converted
        scope._deprecated = self._deprecated
        scope._arguments = {**self._arguments, **{n.lower(): v for n, v in zip(names, values, strict=True)}}
        return scope

    def find(self, name: str) -> Value:
        """The value of a name; an ErrorValue for an unknown one."""
        name = name.lower()
        if name in self._arguments:
            return self._arguments[name]
        if name in self.root:
            if name not in self._converted:
                found = self.root[name]
                self._converted[name] = when_asked(found)
            if name in self._deprecated:
                self.env.warnings.append(self._deprecated[name])
            return self._converted[name]
        return lookup(name, self.env.generation) or ErrorValue(f"context has no property '{name}'")


def value_of(node: Node, scope: Scope) -> Value:
    """The value of a tree; an ErrorValue if it cannot be evaluated."""
    try:
        return _value_of(node, scope)
    except ExpressionError as error:
        return ErrorValue(str(error))


def _value_of(node: Node, scope: Scope) -> Value:
    if isinstance(node, Literal):
        if isinstance(node.value, Decimal):
            return in_range(node.value, scope.env.generation)
        return node.value  # type: ignore[no-any-return] # literals hold only values
    if isinstance(node, Name):
        return scope.find(node.name)
    if isinstance(node, Atom):
        return _value_of_atom(node, scope)
    if isinstance(node, Chain):
        result = value_of(node.first, scope)
        for operator, operand in node.rest:
            result = operate(operator, result, value_of(operand, scope), scope.env)
        return result
    if isinstance(node, Negated):
        number = to_number(value_of(node.operand, scope), scope.env.generation)
        return number.copy_negate() if node.times % 2 and number else number  # zero has no sign
    return _lambda_function(node, scope)


def _lambda_function(node: Lambda, scope: Scope) -> Function:
    def call(_env: Env, arguments: list[Value]) -> Value:
        if len(arguments) != len(node.parameters):
            return ErrorValue(f"need {len(node.parameters)} argument(s), got {len(arguments)}")
        return value_of(node.body, scope.with_arguments(node.parameters, arguments))

    return Function("<anon>", call)


def _value_of_atom(node: Atom, scope: Scope) -> Value:
    result = value_of(node.base, scope)
    for step in node.steps:
        if isinstance(step, Dot):
            result = _look_up(result, step.name, scope.env, dotted=True)
        elif isinstance(step, Index):
            result = _look_up(result, value_of(step.expression, scope), scope.env, dotted=False)
        else:
            result = _call(result, step, node, scope)
    return result


def _call(function: Value, step: Call, node: Atom, scope: Scope) -> Value:
    scope.env.budget.spend()
    if not isinstance(function, Function):
        if isinstance(function, ErrorValue):
            return function
        if isinstance(node.base, Name) and node.steps[0] is step:
            raise ExpressionError(f"{node.base.name.lower()} is not a function")
        raise ExpressionError(f"{describe(function)} is not a function")
    return function.call(scope.env, [value_of(argument, scope) for argument in step.arguments])


def _look_up(container: Value, key: Value, env: Env, *, dotted: bool) -> Value:
    if isinstance(container, ErrorValue):
        return container
    if isinstance(key, ErrorValue):
        return key
    if isinstance(container, list):
        index = to_integer(key, env.generation)
        if not -len(container) <= index < len(container):
            raise ExpressionError(f"index {index} out of range for {len(container)} items")
        item: Value = container[index]
        return item
    if not isinstance(container, ObjectValue):
        raise ExpressionError(f"{describe(container)} doesn't support lookups")
    name = render(key)
    value, known = container.get(name)
    if container.deprecated and name.lower() in container.deprecated:
        env.warnings.append(container.deprecated[name.lower()])
    if dotted and not known:
        raise ExpressionError(f"{describe(container)} has no property '{name}'")
    return value
