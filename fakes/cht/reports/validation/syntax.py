"""The parser of rules, from tokens to calls and groups (cht-core `validation/src/parser.js`).

A name without brackets is a call without arguments, except before `?` and `:`, where it is dropped or, if a bracket or
the end follows, moves into the branch after the sign.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from fakes.cht.reports.validation.tokens import Kind, Token

Sign = Literal["&&", "||", "!"]
Expected = Literal["name", "value", "operator", "!", "arguments", "end of arguments", ",", "(", ")", "?", ":"]

OPERAND: tuple[Expected, ...] = ("name", "!", "(")
AFTER_CALL: tuple[Expected, ...] = ("operator", ")", "?", ":")
WORDS: tuple[tuple[Kind, Expected, str], ...] = (
    ("text", "value", "string"),
    ("number", "value", "string"),
    ("name", "name", "identifier"),
    ("?", "?", "ternary 'then'"),
    (":", ":", "ternary 'else'"),
    (",", ",", "function argument separator"),
    ("&&", "operator", "logical AND"),
    ("||", "operator", "logical OR"),
    ("!", "!", "logical NOT"),
)
"""By token: the expectation it needs, and its name in the error if that is missing."""


class RuleSyntaxError(ValueError):
    """A rule that cannot be parsed; the text is the JSON that the real server stores in the record."""

    def __init__(self, message: str, at: int | None = None) -> None:
        about = {"message": message, **({} if at is None else {"pos": at})}
        super().__init__(json.dumps(about, separators=(",", ":")))


@dataclass
class Call:
    """A function with its arguments."""

    name: str
    arguments: list[str | float] = field(default_factory=list)


@dataclass
class Group:
    """The content of brackets, or a ternary if it has conditions: `then` if they hold, else `otherwise`."""

    items: list[Item] = field(default_factory=list)
    conditions: list[Item] | None = None
    then: list[Item] | None = None
    otherwise: list[Item] | None = None


Item = Call | Group | Sign


def parse(tokens: Sequence[Token]) -> list[Item]:
    """The items of a rule. Raises RuleSyntaxError."""
    reader = _Reader()
    for at, token in enumerate(tokens):
        reader.take(token, at, last=at == len(tokens) - 1)
    return reader.end()


class _Reader:
    def __init__(self) -> None:
        self._open = [Group()]
        self._call: Call | None = None
        self._complete = True  # whether the call is complete after this token
        self._expected: tuple[Expected, ...] = OPERAND

    def take(self, token: Token, at: int, last: bool) -> None:
        """Process the next token. Raises RuleSyntaxError."""
        kind = token.kind
        for one, expected, word in WORDS:
            if kind == one and expected not in self._expected:
                raise RuleSyntaxError(f"Unexpected {word}", None if kind in "?:" else at)
        opens, closes, sign = self._read(token, at)
        self._complete = self._complete or last
        if self._complete and self._call is not None:
            self._open[-1].items.append(self._call)
            self._call = None
        if sign is not None:
            self._open[-1].items.append(sign)
        if opens:
            self._begin(Group())
        self._close(choice=last or closes, group=closes, at=at)

    def end(self) -> list[Item]:
        """All items. Raises RuleSyntaxError if a bracket is still open."""
        if len(self._open) > 1:
            raise RuleSyntaxError("All blocks weren't closed.")
        return self._open[0].items

    def _read(self, token: Token, at: int) -> tuple[bool, bool, Sign | None]:
        """Whether a group opens, whether one closes, and the sign to be added."""
        kind = token.kind
        if kind == "(":
            return self._bracket(at), False, None
        if kind == ")":
            return False, self._end_bracket(at), None
        if kind in ("&&", "||", "!"):
            self._complete = self._complete or kind != "!"
            self._expected = ("name", "(") if kind == "!" else OPERAND
            return False, False, kind
        if kind in ("?", ":"):
            self._choose(kind == "?")
            return False, False, None
        self._complete = False
        if kind == "name":
            self._call = Call(str(token.value))
            self._expected = ("operator", "arguments", ")", "?", ":")
        elif kind == ",":
            self._expected = ("value", "end of arguments")
        elif self._call is not None:
            self._call.arguments.append(token.value)
            self._expected = (",", "end of arguments")
        return False, False, None

    def _bracket(self, at: int) -> bool:
        if self._call is not None and "arguments" in self._expected:
            self._complete = False
            self._expected = ("value", "end of arguments")
            return False
        if "(" not in self._expected:
            raise RuleSyntaxError("Unexpected opening bracket", at)
        self._complete = True
        self._expected = (*OPERAND, ")")
        return True

    def _end_bracket(self, at: int) -> bool:
        of_arguments = self._call is not None and "end of arguments" in self._expected
        if not of_arguments and ")" not in self._expected:
            raise RuleSyntaxError("Unexpected closing bracket", at)
        self._complete = True
        self._expected = AFTER_CALL
        return not of_arguments

    def _choose(self, begins: bool) -> None:
        group = self._open[-1]
        if begins:
            choice = Group(conditions=group.items)
            group.items = []
            self._begin(choice)
        else:
            group.then, group.items = group.items, []
        self._expected = OPERAND

    def _begin(self, group: Group) -> None:
        self._open[-1].items.append(group)
        self._open.append(group)

    def _close(self, choice: bool, group: bool, at: int) -> None:
        inner = self._open[-1]
        if choice and inner.conditions is not None:
            if inner.then is None:
                inner.then = inner.items
            else:
                inner.otherwise = inner.items
            inner.items = []
            self._open.pop()
        if group:
            if len(self._open) == 1:
                raise RuleSyntaxError("Can't close the root block.", at)
            self._open.pop()
