"""How the state of a task changes, and when nothing is recorded.

Source: cht-core shared-libs/task-utils/src/task-utils.js. No change is refused: any state may follow any other.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def set_task_state(
    task: dict[str, Any], state: Any, details: Any = None, gateway_ref: Any = None, *, now: datetime
) -> bool:
    """Change `task` in place; whether something was recorded.

    Nothing is recorded where state, details and reference are those the task has already. Otherwise all three are
    overwritten, missing ones removed, and the history gets an entry with the time `now`. `state` None removes it.
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
    task.setdefault("state_history", []).append(entry)
    return True


def javascript_time(moment: datetime) -> str:
    """`2026-11-23T03:47:00.975Z`: whole milliseconds, as JavaScript writes times."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _same_state(task: dict[str, Any], state: Any) -> bool:
    history = task.get("state_history") or []
    return bool(history) and task.get("state") == state and history[-1].get("state") == state


def _same_details(task: dict[str, Any], details: Any) -> bool:
    if not details:
        return True
    return not isinstance(details, dict | list) and details == task.get("state_details")


def _same_reference(task: dict[str, Any], reference: Any) -> bool:
    if not reference:
        return True
    held = task.get("gateway_ref")
    return type(held) is type(reference) and bool(held == reference)


def _put(target: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        target.pop(key, None)
    else:
        target[key] = value
