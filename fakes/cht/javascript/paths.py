"""Reading and writing values by paths such as `doc.tasks.0.state` (the library object-path, which CHT uses)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from fakes.cht.javascript.inherited import PROTOTYPE

UNDEFINED = object()
"""A missing value; `null` is a value."""
LONGEST_LIST = 10_000
"""The largest list index in a path; setting a larger one is an error, because the list would be padded up to it."""


class PathError(ValueError):
    """A value that cannot be set at a path."""


def get_path(value: Any, path: str) -> Any:
    """The value at a path, or UNDEFINED."""
    for step in path.split("."):
        value = _step(value, step)
        if value is UNDEFINED:
            return UNDEFINED
    return value


def set_path(target: dict[str, Any], path: str, value: Any) -> None:
    """Set a value at a path; creates missing parts: lists before a number, else objects. Raises PathError.

    Nothing is stored below `__proto__`.
    """
    steps = path.split(".")
    at: Any = target
    for step, following in pairwise(steps):
        if step == PROTOTYPE:
            return
        inner = _step(at, step)
        if inner is UNDEFINED:
            inner = [] if _is_index(following) else {}
            _put(at, step, inner)
        at = inner
    _put(at, steps[-1], value)


def _is_index(step: str) -> bool:
    return step.isascii() and step.isdigit() and str(int(step)) == step


def _step(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return value.get(step, UNDEFINED)
    if isinstance(value, (list, str)):
        if step == "length":
            return len(value)
        if _is_index(step) and int(step) < len(value):
            return value[int(step)]
    return UNDEFINED


def _put(target: Any, step: str, value: Any) -> None:
    if isinstance(target, dict):
        if step != PROTOTYPE:
            target[step] = value
    elif isinstance(target, list) and _is_index(step):
        index = int(step)
        if index >= LONGEST_LIST:
            raise PathError(f"index {index} of a list is too large")
        target.extend([None] * (index + 1 - len(target)))
        target[index] = value
    elif not isinstance(target, list):  # JavaScript stores a name in a list, but JSON omits it
        raise PathError(f"cannot set {step!r} of {target!r:.40}")
