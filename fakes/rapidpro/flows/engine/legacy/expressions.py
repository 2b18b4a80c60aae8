"""Legacy expressions, rewritten as current ones.

Precedence, tightest first: unary minus, ^, * /, + -, comparison, equality, &; all group to the left.
Source: goflow antlr/Excellent1.g4, flows/definition/legacy/expressions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from fakes.rapidpro.flows.engine.legacy.functions import current_call
from fakes.rapidpro.flows.engine.legacy.names import current_name

_TOKEN = re.compile(
    r"""[ \t\n\r]*(?:(?P<text>"(?:[^"]|"")*")|(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>[^\W\d_][\w.]*)
    |(?P<symbol><>|<=|>=|[,()+\-*/^=<>&])|(?P<end>\Z))""",
    re.VERBOSE,
)
_LEVELS = (("&",), ("=", "<>"), ("<=", "<", ">=", ">"), ("+", "-"), ("*", "/"), ("^",))
_LEVEL_OF: Mapping[str, int] = MappingProxyType({one: level for level, same in enumerate(_LEVELS) for one in same})
_RETURNS: Mapping[str, str] = MappingProxyType({
    **dict.fromkeys(
        ("abs", "max", "mean", "min", "mod", "sum", "rand", "round", "round_down", "round_up"), "number"
    ),
    **dict.fromkeys(("datetime_add", "datetime_from_parts", "datetime", "now"), "datetime"),
    **dict.fromkeys(("date", "format_date", "today"), "date"),
    **dict.fromkeys(("time", "time_from_parts"), "time"),
})  # fmt: skip
MAX_DEPTH = 100
MAX_TOKENS = 20_000


class NotLegacy(ValueError):
    """A text that is no legacy expression; it stays as it is."""


def current_expression(expression: str, *, raw_dates: bool = False) -> str:
    """The current form of a legacy expression. NotLegacy if it is none."""
    return _Rewriter(_tokens(expression), raw_dates=raw_dates).whole()


def _tokens(expression: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position = 0
    while not found or found[-1][0] != "end":
        match = _TOKEN.match(expression, position)
        if match is None or len(found) > MAX_TOKENS:
            raise NotLegacy(expression[position : position + 10])
        kind = match.lastgroup or ""
        found.append((kind if kind != "symbol" else match.group(kind), match.group(kind)))
        position = match.end()
    return found


class _Rewriter:
    def __init__(self, tokens: list[tuple[str, str]], *, raw_dates: bool) -> None:
        self._tokens = tokens
        self._position = 0
        self._raw_dates = raw_dates
        self._depth = 0

    def whole(self) -> str:
        """The whole expression."""
        rewritten = self._operation(0)
        self._expect("end")
        return rewritten

    def _expect(self, kind: str) -> str:
        found, text = self._tokens[self._position]
        if found != kind:
            raise NotLegacy(text)
        self._position += 1
        return text

    def _takes(self, kind: str) -> bool:
        if self._tokens[self._position][0] != kind:
            return False
        self._position += 1
        return True

    def _operation(self, lowest: int) -> str:
        left = self._operand()
        while (level := _LEVEL_OF.get(self._tokens[self._position][0], -1)) >= lowest:
            operator = self._tokens[self._position][0]
            self._position += 1
            right = self._operation(level + 1)
            left = self._added(left, operator, right) if operator in ("+", "-") else _joined(left, operator, right)
        return left

    def _operand(self) -> str:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise NotLegacy("nested too deeply")
        kind, text = self._tokens[self._position]
        self._position += 1
        if kind == "-":
            rewritten = "-" + self._operand()
        elif kind == "(":
            rewritten = f"({self._operation(0)})"
            self._expect(")")
        elif kind == "text":
            rewritten = '"' + text[1:-1].replace('""', r"\"") + '"'
        elif kind == "number":
            rewritten = text
        elif kind == "name":
            rewritten = self._named(text)
        else:
            raise NotLegacy(text)
        self._depth -= 1
        return rewritten

    def _named(self, name: str) -> str:
        if self._takes("("):
            return current_call(name.lower(), self._arguments())
        if name.lower() in ("true", "false"):
            return name.lower()
        return current_name(name, raw_dates=self._raw_dates)

    def _arguments(self) -> list[str]:
        if self._takes(")"):
            return []
        arguments = [self._operation(0)]
        while self._takes(","):
            arguments.append(self._operation(0))
        self._expect(")")
        return arguments

    def _added(self, left: str, operator: str, right: str) -> str:
        """Legacy `+` and `-` work on dates too: by what the operands seem to be."""
        kinds = _kind_of(left), _kind_of(right)
        sign = "-" if operator == "-" else ""
        if kinds == ("number", "number"):
            return f"{left} {operator} {right}"
        if kinds == ("datetime", "number"):
            return f'datetime_add({left}, {sign}{right}, "D")'
        if kinds == ("date", "number"):
            moved = f'datetime_add({left}, {sign}{right}, "D")'
            return moved if self._raw_dates else f"format_date({moved})"
        if kinds == ("datetime", "time"):
            minutes = f'format_time({right}, "tt") * 60 + format_time({right}, "m")'
            return f'datetime_add({left}, {f"-({minutes})" if sign else minutes}, "m")'
        if kinds[1] == "time" and not sign:
            return f"replace_time({left}, {right})"
        return f"legacy_add({left}, {sign}{right})"


def _joined(left: str, operator: str, right: str) -> str:
    return f"{left} {'!=' if operator == '<>' else operator} {right}"


def _kind_of(operand: str) -> str:
    if re.fullmatch(r"[+-]?\d+", operand):
        return "number"
    match = re.match(r"(\w+)\(", operand)
    return _RETURNS.get(match.group(1), "") if match else ""
