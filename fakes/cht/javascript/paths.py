"""Reading and writing values by paths such as `doc.tasks.0.state` (the library object-path, which CHT uses)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

UNDEFINED = object()
"""Where nothing is; `null` is a value."""
LONGEST_LIST = 10_000
"""A path may name any place of a list; one beyond this is refused, for the places before it would be filled up."""


class PathError(ValueError):
    """A value that cannot be put where the path says."""


def get_path(value: Any, path: str) -> Any:
    """The value at a path, UNDEFINED where there is none."""
    for step in path.split("."):
        value = _step(value, step)
        if value is UNDEFINED:
            return UNDEFINED
    return value


def set_path(target: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a path; missing parts are made: lists where a number follows, else objects. Raises PathError."""
    steps = path.split(".")
    at: Any = target
    for step, following in pairwise(steps):
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
        target[step] = value
    elif isinstance(target, list) and _is_index(step):
        place = int(step)
        if place >= LONGEST_LIST:
            raise PathError(f"place {place} of a list is too far out")
        target.extend([None] * (place + 1 - len(target)))
        target[place] = value
    elif not isinstance(target, list):  # a name in a list is kept by JavaScript, but JSON leaves it out
        raise PathError(f"cannot set {step!r} of {target!r:.40}")
