"""JavaScript in settings: `relevant_to`, `expr`, `bool_expr`, evaluated in a fresh context without host access.

The real server does not limit the time and memory of an expression; an endless loop blocks the server for good. Here
such an expression ends in ScriptError, so that the fake survives: another process evaluates it, and may be ended.
Source: `vm.runInNewContext` in cht-core `shared-libs/outbound/src/outbound.js`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fakes.cht.javascript.sandbox_process import SandboxProcess

SECONDS = 0.5
"""Limit of CPU time for one expression."""
MEMORY = 32 << 20
"""Limit in bytes for one expression."""

NAMED = re.compile(r"\w*Error: ")
UNREADABLE = re.compile(r"cannot read property '(.*)' of (null|undefined)")


class ScriptError(ValueError):
    """An expression that throws, does not end, or needs too much memory; the text is JavaScript's message."""

    @property
    def message(self) -> str:
        """The message without the name of the error; frequent messages in Node's wording where that differs."""
        text = NAMED.sub("", str(self), count=1)
        return UNREADABLE.sub(r"Cannot read properties of \2 (reading '\1')", text)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The value of an expression.

    `missing`: it is `undefined`. `serializable` is false if JSON cannot represent it (functions): objects omit it.
    """

    truthy: bool
    missing: bool
    serializable: bool
    value: Any


def evaluate(expression: str, names: Mapping[str, Any], *, seconds: float = SECONDS, memory: int = MEMORY) -> Outcome:
    """Evaluate `expression` with `names` (JSON values) as global variables. Raises ScriptError."""
    return _run(expression, names, False, seconds, memory)


def holds(expression: str, names: Mapping[str, Any], *, seconds: float = SECONDS, memory: int = MEMORY) -> bool:
    """Whether the value of `expression` is truthy in JavaScript. Raises ScriptError."""
    return _run(expression, names, True, seconds, memory).truthy


@cache
def _process() -> SandboxProcess:
    """The one process for all expressions of this process."""
    return SandboxProcess()


def _run(expression: str, names: Mapping[str, Any], test: bool, seconds: float, memory: int) -> Outcome:
    request = {"source": str(expression), "names": names, "test": test, "seconds": seconds, "memory": memory}
    answer = _process().answer(request)
    if "error" in answer:
        raise ScriptError(answer["error"])
    about = json.loads(answer["outcome"])
    value = about.get("text")
    return Outcome(about["truthy"], about["missing"], value is not None, None if value is None else json.loads(value))
