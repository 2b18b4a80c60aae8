"""Paths into JSON: `status`, `results[0].id`, `results[*].status`."""

from __future__ import annotations

import re

from fakes.faults.errors import FaultError

STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+|\*)\]")

Step = str | int | None
"""A key, an index, or None for every item."""


def parse_path(path: str) -> list[Step]:
    """`results[*].status` as its steps. Raises FaultError if it is invalid."""
    steps: list[Step] = []
    position = 0
    while position < len(path):
        found = STEP.match(path, position)
        if found is None or (position == 0 and path.startswith(".")):
            raise FaultError(f"expected a path such as status, results[0].id or results[*].status, got {path!r}")
        key, index = found.groups()
        steps.append(key if key is not None else None if index == "*" else int(index))
        position = found.end()
    if not steps:
        raise FaultError("expected a path such as status, got an empty text")
    return steps
