"""Splits a template into body text and expressions.

Source: goflow excellent/scanner.go.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator
from typing import Literal

Part = tuple[Literal["body", "identifier", "expression"], str]


def scan(template: str, top_levels: Collection[str], *, as_written: bool = False) -> Iterator[Part]:
    """The parts in order; an identifier is the text after `@`, an expression the one inside `@( )`.

    `top_levels`: the known first names, lower case. An identifier with another first name is body text, so that
    e-mail addresses survive; `@@` is `@`, unless `as_written`; an `@(` that never closes makes all that follows body
    text.
    """
    position = 0
    while (at := template.find("@", position)) >= 0:
        if at > position:
            yield "body", template[position:at]
        following = template[at + 1 : at + 2]
        if following == "(":
            end = closing_bracket(template, at + 2)
            if end < 0:
                yield "body", template[at:]
                return
            yield "expression", template[at + 2 : end]
            position = end + 1
        elif following == "@":
            yield "body", "@@" if as_written else "@"
            position = at + 2
        else:
            end = identifier_end(template, at + 1)
            name = template[at + 1 : end]
            known = name.partition(".")[0].lower() in top_levels
            yield ("identifier", name) if known else ("body", "@" + name)
            position = end
    if position < len(template):
        yield "body", template[position:]


def is_name_character(character: str) -> bool:
    """Letters and numbers of any script, and `_`."""
    if character.isascii():
        return character.isalnum() or character == "_"
    return unicodedata.category(character)[0] in "LN"


def identifier_end(template: str, position: int) -> int:
    """Where the identifier that starts at `position`, behind an `@`, ends."""
    while position < len(template):
        character = template[position]
        if character == ".":
            if not is_name_character(template[position + 1 : position + 2] or " "):
                break
        elif not is_name_character(character):
            break
        position += 1
    return position


def closing_bracket(template: str, position: int) -> int:
    """Where the bracket that was opened before `position` closes; -1 if it never does."""
    depth = 1
    while position < len(template):
        character = template[position]
        if character == '"':
            position = _text_end(template, position + 1)
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    return -1


def _text_end(template: str, position: int) -> int:
    """Where the text literal ends: at a quote without a backslash before it, even if the backslash is escaped."""
    while position < len(template):
        if template[position] == '"' and template[position - 1] != "\\":
            break
        position += 1
    return position
