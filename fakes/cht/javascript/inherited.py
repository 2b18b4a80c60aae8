"""Looking a word up in a table, as JavaScript does in a plain object: inherited properties are found too.

For a status such as `constructor` CHT finds a function in its table of states, and goes on with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Inherited:
    """A function that every object inherits. It has none of the properties CHT reads, and JSON omits it."""

    def __repr__(self) -> str:
        return "a function that every object inherits"


FUNCTION = Inherited()
FUNCTIONS = (
    "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf",
    "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__",
)  # fmt: skip
PROTOTYPE = "__proto__"
"""The property that holds the prototype: an object, which JSON writes as `{}`."""


def look_up(table: Mapping[str, Any], word: str) -> Any:
    """The entry of a word, else what every object has under that name: FUNCTION or `{}`. None if there is neither."""
    if word in table:
        return table[word]
    return inherited(word)


def inherited(word: str) -> Any:
    """What every object has under a name: FUNCTION or `{}`, both truthy; None if it has nothing."""
    if word == PROTOTYPE:
        return {}
    return FUNCTION if word in FUNCTIONS else None
