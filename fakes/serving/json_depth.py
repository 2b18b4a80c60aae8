"""How deeply JSON may be nested. Python's own functions on JSON recurse: beyond some depth they fail at any place."""

from __future__ import annotations

import json
from collections.abc import Callable
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


def json_of(read: Callable[[], str | bytes], name: str, error: Callable[[str], Exception]) -> Any:
    """The JSON that `read` returns. Raises what `error` makes of a sentence: what `name` has that cannot be used."""
    try:
        content = json.loads(read())
    except OSError as failure:
        raise error(f"{name} cannot be read: {failure.strerror or failure}") from None
    except ValueError as failure:
        raise error(f"{name} is not JSON: {failure}") from None
    except RecursionError:
        raise error(f"{name} cannot be used: {TOO_DEEP}") from None
    if is_too_deep(content):
        raise error(f"{name} cannot be used: {TOO_DEEP}")
    return content
