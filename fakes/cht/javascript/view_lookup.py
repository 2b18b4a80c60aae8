"""Finding a name of a template in its views, as mustache.js does: with what objects, lists and functions inherit.

`{{toString}}` finds a function that every object inherits; mustache.js calls it with the innermost view as `this`.
Of the functions of lists, only those that every object has too are found.
Source: `Context.lookup` of mustache.js 4.2, run with every inherited name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fakes.cht.javascript import js
from fakes.cht.javascript.inherited import DEFINERS, OBJECT, PROTOTYPE, Inherited, inherited

MISSING = object()
ARRAY = Inherited("Array", 1)
FUNCTION = Inherited("Function", 1)
LIST_TEXT = Inherited("Array.toString")
LIST_FUNCTIONS = {"constructor": ARRAY, "toString": LIST_TEXT, "toLocaleString": Inherited("Array.toLocaleString")}
"""What lists have instead of the functions of all objects."""


def find(name: str, views: Sequence[Any]) -> Any:
    """The value of a name in the innermost view that has it, else MISSING; a function of JavaScript is called.

    Raises TypeError where mustache.js throws.
    """
    if name == ".":
        return views[-1]
    steps = name.split(".")
    for view in reversed(views):
        if len(steps) == 1 and view is None:
            raise TypeError(f"Cannot read properties of null (reading '{name}')")
        value = _walk(view, steps)
        if value is not MISSING:
            return _call(value, views[-1]) if isinstance(value, Inherited) else value
    return MISSING


def _walk(value: Any, steps: Sequence[str]) -> Any:
    """The value at a path. Its last step must be a member of an object, or an own one of a text or a function."""
    for step in steps[:-1]:
        value = _member(value, step)
        if value is None or value is MISSING:
            return MISSING
    last = steps[-1]
    if len(steps) == 1 and not isinstance(value, (Mapping, list)):
        return MISSING
    return _member(value, last) if isinstance(value, (Mapping, list)) else _own(value, last)


def _member(value: Any, name: str) -> Any:
    """`value[name]`, or MISSING."""
    own = _own(value, name)
    if own is not MISSING:
        return own
    found = inherited(name)
    if isinstance(value, list):
        found = [] if name == PROTOTYPE else LIST_FUNCTIONS.get(name, found)
    elif isinstance(value, Inherited) and found is OBJECT:
        found = FUNCTION
    return MISSING if found is None else found


def _own(value: Any, name: str) -> Any:
    """A member that a value has itself, or MISSING."""
    if isinstance(value, Mapping):
        return value.get(name, MISSING)
    if isinstance(value, (list, str)):
        if name == "length":
            return len(value)
        return value[int(name)] if name.isdigit() and name.isascii() and int(name) < len(value) else MISSING
    if isinstance(value, Inherited) and name in ("name", "length"):
        return getattr(value, name)
    return MISSING


def _call(function: Inherited, this: Any) -> Any:
    """What a function returns that is called without arguments. Raises TypeError."""
    if function.name in DEFINERS:
        raise TypeError(f"Object.prototype.{function.name}: Expecting function")
    return RESULTS.get(function.name, _undefined)(this)


def _undefined(_this: Any) -> Any:
    return MISSING


def _false(_this: Any) -> bool:
    return False


def _class_text(this: Any) -> str:
    """`Object.prototype.toString.call(this)`."""
    kinds = {bool: "Boolean", int: "Number", float: "Number", str: "String", list: "Array"}
    return f"[object {kinds.get(type(this), 'Object')}]"


def _list_text(this: Any) -> str:
    return js.string(this) if isinstance(this, list) else _class_text(this)


def _itself(this: Any) -> Any:
    return this


RESULTS: Mapping[str, Callable[[Any], Any]] = {
    OBJECT.name: lambda _this: {},
    ARRAY.name: lambda _this: [],
    "toString": _class_text,
    LIST_TEXT.name: _list_text,
    "toLocaleString": js.string,
    "Array.toLocaleString": lambda this: js.string(this) if isinstance(this, list) else "",
    "valueOf": _itself,
    "hasOwnProperty": _false,
    "isPrototypeOf": _false,
    "propertyIsEnumerable": _false,
}
"""What the functions return; the others return nothing."""
