"""Splitting a rule such as `integer && between(1, 42)` into tokens (cht-core `validation/src/lexer.js`).

Spaces count only within quotes. A backslash outside of quotes escapes the next character. An unfinished token at a
space or backslash at the end of the rule is lost, as in the real CHT: the rule `required ` checks nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from fakes.cht.javascript import js
from fakes.cht.javascript.values import leading_number, number

Kind = Literal["name", "text", "number", ",", ":", "?", "&&", "||", "!", "(", ")"]
QUOTES = ("'", '"')
PAIRS: tuple[Kind, ...] = ("&&", "||")
SINGLE: tuple[Kind, ...] = (",", ":", "?", "!", "(", ")")


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a rule; `value` is the text of a name or a string, or the number."""

    kind: Kind
    value: str | float = ""


class Tokens:
    """Reads a rule once."""

    def __init__(self, rule: str) -> None:
        self._rule = rule
        self._found: list[Token] = []
        self._word = ""
        self._quote: str | None = None
        self._escaped = False

    def read(self) -> list[Token]:
        """The tokens in order."""
        at = 0
        while at < len(self._rule):
            at += self._step(at)
        return self._found

    def _step(self, at: int) -> int:
        """Process the character or sign at an index. Returns its length."""
        char, last = self._rule[at], at == len(self._rule) - 1
        if self._escaped or (self._quote is not None and char != self._quote):
            self._escaped = False
            self._word += char
            if last:
                self._end_word()
            return 1
        if self._quote is not None or char in QUOTES:
            self._end_word()
            self._quote = None if self._quote is not None else char
            return 1
        return self._outside(at, char, last)

    def _outside(self, at: int, char: str, last: bool) -> int:
        if char == "\\":
            self._escaped = True
            return 1
        sign = next((sign for sign in (*PAIRS, *SINGLE) if self._rule.startswith(sign, at)), None)
        if sign is not None:
            self._end_word()
            self._found.append(Token(sign))
            return len(sign)
        if char not in js.SPACES:
            self._word += char
            if last:
                self._end_word()
        return 1

    def _end_word(self) -> None:
        if not self._word:
            return
        if self._quote is not None:
            self._found.append(Token("text", self._word))
        elif math.isfinite(number(self._word)) and not math.isnan(leading_number(self._word)):
            self._found.append(Token("number", leading_number(self._word)))
        else:
            self._found.append(Token("name", self._word))
        self._word = ""
