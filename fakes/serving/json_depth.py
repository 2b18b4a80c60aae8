"""How deeply JSON may be nested. Python's own functions on JSON recurse: beyond some depth they fail at any place."""

from __future__ import annotations

from typing import Any

MAX_DEPTH = 100
"""Lists and objects within each other. Real input has a tenth of it."""
TOO_DEEP = f"it is nested too deeply: at most {MAX_DEPTH} levels are possible"


def is_too_deep(value: Any) -> bool:
    """Whether JSON is nested more deeply than `MAX_DEPTH`; without recursion."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [one for one in level if isinstance(one, list | dict)]
        if not level:
            return False
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)]
    return True
