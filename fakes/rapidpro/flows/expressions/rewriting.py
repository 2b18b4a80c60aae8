"""Changing names inside an expression; the rest of it stays as it was written.

Source: goflow excellent/refactor.
"""

from __future__ import annotations

from fakes.rapidpro.flows.expressions.parser import Token, parse, tokens, too_deep
from fakes.rapidpro.flows.expressions.values import ExpressionError, TooComplex


def rename_name(expression: str, old: str, new: str) -> str:
    """The expression with a top-level name replaced; one that does not parse stays as it is."""
    found = _tokens(expression)
    places = [
        (position, text, new)
        for index, (kind, text, position) in enumerate(found)
        if kind == "name" and text.lower() == old and not _is_property(found, index)
    ]
    return _replaced(expression, places)


def cut_lookups(expression: str, container: str, most: int) -> str:
    """The expression with the names of properties of a top-level object cut to so many characters."""
    found = _tokens(expression)
    places = []
    for index in range(len(found) - 2):
        kind, text, _ = found[index]
        if (
            kind == "name"
            and text.lower() == container
            and found[index + 1][0] == "."
            and not _is_property(found, index)
        ):
            _, name, position = found[index + 2]
            if len(name) > most:
                places.append((position, name, name[:most]))
    return _replaced(expression, places)


def _tokens(expression: str) -> list[Token]:
    try:
        if too_deep(expression):
            return []
        parse(expression)
        return tokens(expression)
    except (ExpressionError, TooComplex, RecursionError):
        return []


def _is_property(found: list[Token], index: int) -> bool:
    return index > 0 and found[index - 1][0] == "."


def _replaced(expression: str, places: list[tuple[int, str, str]]) -> str:
    for position, old, new in reversed(places):
        expression = expression[:position] + new + expression[position + len(old) :]
    return expression
