"""Looking a word up in a table, as JavaScript does in a plain object: inherited properties are found too.

For a status such as `constructor` CHT finds a function in its table of states, and goes on with it. What a function is
good for where CHT does not expect one is here: its text, its members, and what it does when it is called.
Source: `Object.prototype` of Node 20, where the functions below were called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Inherited:
    """A function that every object inherits. It has none of the properties CHT reads, and JSON omits it.

    `length`: the number of its parameters.
    """

    name: str
    length: int = 0

    def __str__(self) -> str:
        return f"function {self.name}() {{ [native code] }}"


OBJECT = Inherited("Object", 1)
"""The function that is every object's `constructor`."""
DEFINERS = ("__defineGetter__", "__defineSetter__")
FUNCTIONS: Mapping[str, Inherited] = {
    "constructor": OBJECT,
    **{name: Inherited(name) for name in ("toLocaleString", "toString", "valueOf")},
    **{name: Inherited(name, 1) for name in ("hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable")},
    **{name: Inherited(name, 1) for name in ("__lookupGetter__", "__lookupSetter__")},
    **{name: Inherited(name, 2) for name in DEFINERS},
}
PROTOTYPE = "__proto__"
"""The property that holds the prototype: an object, which JSON writes as `{}`. Setting it stores nothing."""
UNBOUND: Mapping[str, str] = {"toString": "[object Undefined]"}
"""What functions return that need no object."""


def look_up(table: Mapping[str, Any], word: str) -> Any:
    """The entry of a word, else what every object has under that name: a function or `{}`. None if there is neither."""
    if word in table:
        return table[word]
    return inherited(word)


def inherited(word: Any) -> Any:
    """What every object has under a name: an Inherited or `{}`, both truthy; None if it has nothing."""
    if word == PROTOTYPE:
        return {}
    return FUNCTIONS.get(word) if isinstance(word, str) else None


def call_unbound(word: str, argument: Any) -> Any:
    """What comes of calling the entry of an inherited word on its own, with a JSON value. Raises TypeError."""
    function = inherited(word)
    if not isinstance(function, Inherited):
        raise TypeError("it is not a function")
    if function is OBJECT:
        return argument
    if function.name == "isPrototypeOf" and not isinstance(argument, (dict, list)):
        return False
    if function.name not in UNBOUND:
        raise TypeError("Cannot convert undefined or null to object")
    return UNBOUND[function.name]


def stored(value: Any) -> Any:
    """What JSON keeps of a value: objects omit functions, lists have null instead."""
    if isinstance(value, dict):
        return {key: stored(item) for key, item in value.items() if not isinstance(item, Inherited)}
    if isinstance(value, list):
        return [None if isinstance(item, Inherited) else stored(item) for item in value]
    return value
