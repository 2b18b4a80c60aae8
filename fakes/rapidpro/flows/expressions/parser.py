"""Parses one expression into a tree.

Precedence, tightest first: lookup and call, unary minus, ^, * /, + -, comparison, equality, &. All group to the
left; a chain of one precedence is one node, so a long one needs no deep recursion.
Source: goflow antlr/Excellent3.g4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeAlias

from fakes.rapidpro.flows.expressions.literals import unquote
from fakes.rapidpro.flows.expressions.scanner import is_name_character
from fakes.rapidpro.flows.expressions.values import ExpressionError, TooComplex

MAX_DEPTH = 100
MAX_TOKENS = 100_000
_PRECEDENCE = (("&",), ("=", "!="), ("<=", "<", ">=", ">"), ("+", "-"), ("*", "/"), ("^",))
PRECEDENCE_OF = MappingProxyType(
    {operator: level for level, operators in enumerate(_PRECEDENCE) for operator in operators}
)
"""The precedence of each operator; a higher one binds more tightly."""
_TOKEN = re.compile(
    r"""(?P<blank>[ \t\n\r]+)|(?P<text>"(?:\\"|[^"])*")|(?P<decimal>[0-9]+\.[0-9]+)|(?P<integer>[0-9]+)
    |(?P<symbol>=>|!=|<=|>=|[,()\[\].+\-*/^=<>&])""",
    re.VERBOSE,
)
_BRACKET = re.compile(r"[()\[\]{}]")
_KEYWORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Literal:
    value: Any


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Negated:
    operand: Node
    times: int


@dataclass(frozen=True, slots=True)
class Chain:
    """first op operand op operand ..., all of one precedence."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Dot:
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    expression: Node


@dataclass(frozen=True, slots=True)
class Call:
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Atom:
    """A name or brackets, followed by lookups and calls."""

    base: Node
    steps: tuple[Dot | Index | Call, ...]


@dataclass(frozen=True, slots=True)
class Lambda:
    parameters: tuple[str, ...]
    body: Node


Node: TypeAlias = "Literal | Name | Negated | Chain | Atom | Lambda"
Token = tuple[str, str, int]


def parse(expression: str) -> Node:
    """The tree of an expression. ExpressionError for a syntax error."""
    parser = _Parser(expression, tokens(expression))
    node = parser.expression()
    parser.expect("end")
    return node


def too_deep(expression: str) -> bool:
    """Whether brackets are nested deeper than the new engine allows. Those inside text literals count too."""
    depth = 0
    for bracket in _BRACKET.findall(expression):
        depth = depth + 1 if bracket in "([{" else max(0, depth - 1)
        if depth > MAX_DEPTH:
            return True
    return False


def tokens(expression: str) -> list[Token]:
    """The tokens of an expression: kind, text, position. ExpressionError if a part of it is none."""
    found: list[Token] = []
    position = 0
    while position < len(expression):
        if len(found) > MAX_TOKENS:
            raise TooComplex
        match = _TOKEN.match(expression, position)
        if match:
            kind = match.lastgroup or ""
            if kind != "blank":
                found.append((kind if kind != "symbol" else match.group(), match.group(), position))
            position = match.end()
            continue
        end = position
        while end < len(expression) and is_name_character(expression[end]):
            end += 1
        if end == position:
            raise _syntax_error(expression, position)
        word = expression[position:end]
        found.append(("word" if word.lower() in _KEYWORDS else "name", word, position))
        position = end
    found.append(("end", "", len(expression)))
    return found


def _syntax_error(expression: str, position: int) -> ExpressionError:
    line_end = expression.find("\n", position)
    line = expression[position : line_end if line_end >= 0 else None]
    return ExpressionError(f"syntax error at {line[:10]}")


class _Parser:
    def __init__(self, expression: str, tokens: list[Token]) -> None:
        self._source = expression
        self._tokens = tokens
        self._position = 0

    def expect(self, kind: str) -> str:
        """Take a token of that kind. ExpressionError if the next one is of another kind."""
        found, text, position = self._tokens[self._position]
        if found != kind:
            raise _syntax_error(self._source, position)
        self._position += 1
        return text

    def expression(self, lowest: int = 0) -> Node:
        """An operand and all operators after it that bind at least as tightly as `lowest`."""
        node = self._unary()
        while (level := PRECEDENCE_OF.get(self._next_kind(), -1)) >= lowest:
            rest: list[tuple[str, Node]] = []
            while PRECEDENCE_OF.get(operator := self._next_kind()) == level:
                self._position += 1
                rest.append((operator, self.expression(level + 1)))
            node = Chain(node, tuple(rest))
        return node

    def _next_kind(self) -> str:
        return self._tokens[self._position][0]

    def _take(self, kind: str) -> bool:
        if self._next_kind() != kind:
            return False
        self._position += 1
        return True

    def _unary(self) -> Node:
        times = 0
        while self._take("-"):
            times += 1
        operand = self._primary()
        return Negated(operand, times) if times else operand

    def _primary(self) -> Node:
        kind, text, position = self._tokens[self._position]
        if kind in ("text", "integer", "decimal", "word"):
            self._position += 1
            if kind == "text":
                return Literal(unquote(text))
            return Literal(_KEYWORDS[text.lower()] if kind == "word" else Decimal(text))
        if kind == "name":
            self._position += 1
            return self._steps(Name(text))
        if kind != "(":
            raise _syntax_error(self._source, position)
        if (parameters := self._parameters()) is not None:
            return Lambda(parameters, self.expression())
        self._position += 1
        inner = self.expression()
        self.expect(")")
        return self._steps(Atom(inner, ()))

    def _parameters(self) -> tuple[str, ...] | None:
        """The parameters of an anonymous function that starts here, its arrow taken; None if none starts here."""
        names: list[str] = []
        position = self._position + 1
        while self._tokens[position][0] == "name":
            names.append(self._tokens[position][1])
            position += 1
            if self._tokens[position][0] != ",":
                break
            position += 1
        if not names or [token[0] for token in self._tokens[position : position + 2]] != [")", "=>"]:
            return None
        self._position = position + 2
        return tuple(names)

    def _steps(self, base: Node) -> Node:
        steps: list[Dot | Index | Call] = []
        while True:
            if self._take("."):
                kind = self._next_kind()
                steps.append(Dot(self.expect("integer" if kind == "integer" else "name")))
            elif self._take("["):
                steps.append(Index(self.expression()))
                self.expect("]")
            elif self._take("("):
                steps.append(Call(self._arguments()))
            else:
                return Atom(base, tuple(steps)) if steps else base

    def _arguments(self) -> tuple[Node, ...]:
        if self._take(")"):
            return ()
        arguments = [self.expression()]
        while self._take(","):
            arguments.append(self.expression())
        self.expect(")")
        return tuple(arguments)
