"""How the state of a task changes, and when a change is not recorded.

Source: cht-core shared-libs/task-utils/src/task-utils.js. Every change is allowed: any state may follow any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fakes.cht.javascript.inherited import Inherited


class Null:
    """A `null` that is stored, where None means a missing value."""

    def __bool__(self) -> bool:
        return False


NULL = Null()


def value_or_null(source: Mapping[str, Any], key: str) -> Any:
    """The value of a key; None if the key is missing, NULL if the value is `null`."""
    value = source.get(key)
    return NULL if value is None and key in source else value


def set_task_state(
    task: dict[str, Any], state: Any, details: Any = None, gateway_ref: Any = None, *, now: datetime
) -> bool:
    """Change `task` in place. Returns whether something was recorded.

    Nothing is recorded if the task already has this state, details and reference. Otherwise all three are overwritten,
    and the history gets an entry with the time `now`. None removes a value, and so does a function, which
    JSON omits; NULL is stored as `null`.
    """
    if _same_state(task, state) and _same_details(task, details) and _same_reference(task, gateway_ref):
        return False
    _put(task, "state", state)
    _put(task, "state_details", details)
    _put(task, "gateway_ref", gateway_ref)
    entry: dict[str, Any] = {}
    _put(entry, "state", state)
    _put(entry, "state_details", details)
    entry["timestamp"] = javascript_time(now)
    task["state_history"] = [*(task.get("state_history") or ()), entry]
    return True


def javascript_time(moment: datetime) -> str:
    """`2026-11-23T03:47:00.975Z`: whole milliseconds, as JavaScript writes times."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _same_state(task: dict[str, Any], state: Any) -> bool:
    history = task.get("state_history") or []
    return bool(history) and _identical(state, task.get("state")) and _identical(state, history[-1].get("state"))


def _same_details(task: dict[str, Any], details: Any) -> bool:
    if not details:
        return True
    return _identical(details, task.get("state_details"))


def _same_reference(task: dict[str, Any], reference: Any) -> bool:
    if not reference:
        return True
    return _identical(reference, task.get("gateway_ref"))


def _identical(value: Any, other: Any) -> bool:
    """`===` of JavaScript: objects and lists equal only themselves."""
    return not isinstance(value, dict | list) and type(other) is type(value) and bool(other == value)


def _put(target: dict[str, Any], key: str, value: Any) -> None:
    if value is None or isinstance(value, Inherited):
        target.pop(key, None)
    else:
        target[key] = None if value is NULL else value
