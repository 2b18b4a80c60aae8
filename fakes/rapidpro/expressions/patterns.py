"""Regular expressions: the engine's dialect (RE2) as far as Python's `re` can follow it.

Case is ignored and `^` `$` match at lines. RE2 has no back-references and no look-around, and is never slow; patterns
that could make `re` slow (a repetition inside a repetition) are refused as too costly.
"""

from __future__ import annotations

import re
import warnings
from re import _parser  # type: ignore[attr-defined] # the one way to see what a pattern would do before it does it
from typing import Any

from fakes.rapidpro.expressions.values import ExpressionError

_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}
_FOREIGN = {"GROUPREF", "GROUPREF_EXISTS", "ASSERT", "ASSERT_NOT", "ATOMIC_GROUP"}
MAX_PATTERN = 1_000


def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern ready to use. ExpressionError when it is none, or none that we dare to run."""
    translated = _translated(pattern.strip())
    invalid = ExpressionError("must be called with a valid regular expression")
    if len(translated) > MAX_PATTERN:
        raise invalid
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _parser.parse(translated, re.IGNORECASE | re.MULTILINE)
            _check(tree, 0)
            return re.compile(translated, re.IGNORECASE | re.MULTILINE)
    except (re.error, RecursionError, OverflowError):
        raise invalid from None


def _translated(pattern: str) -> str:
    pattern = pattern.replace(r"\z", r"\Z").replace(r"\pL", r"[^\W\d_]").replace(r"\pN", r"\d")
    flags = re.match(r"\(\?([ims]*-?[ims]*)\)", pattern)
    return f"(?{flags.group(1)}:{pattern[flags.end() :]})" if flags and flags.group(1) else pattern


def _check(tree: Any, repeats: int) -> None:
    unbounded = 0
    for operation, argument in tree:
        name = str(operation)
        if name in _FOREIGN:
            raise ExpressionError("must be called with a valid regular expression")
        inside = repeats
        if name in _REPEATS:
            inside += argument[1] > 1
            unbounded += argument[1] > 100
            if (inside > 1 and argument[1] > 1) or unbounded > 4:
                raise ExpressionError("regular expression is too costly to evaluate")
        for child in _children(name, argument):
            _check(child, inside)


def _children(name: str, argument: Any) -> list[Any]:
    if name in _REPEATS:
        return [argument[2]]
    if name == "SUBPATTERN":
        return [argument[3]]
    if name == "BRANCH":
        return list(argument[1])
    return []
