"""JavaScript of the settings: `relevant_to`, `expr`, `bool_expr`, evaluated in a fresh context without host access.

The real server gives an expression all the time and memory there is; one that loops for ever stops the server for
good. Here such an expression ends in ScriptError, so that the fake lives on.
Source: `vm.runInNewContext` in cht-core `shared-libs/outbound/src/outbound.js`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SECONDS = 0.5
"""Processor time for one expression."""
MEMORY = 32 << 20
"""Bytes for one expression."""
STACK = 256 << 10
"""Bytes of stack: far below that of the smallest thread."""
LONGEST = 4 << 20
"""Characters of a result as JSON."""

RUNNER = """(function (json, run) {
  return function (source, test) {
    var value = run(source);
    return json({truthy: !!value, missing: value === undefined, text: test ? undefined : json(value)});
  };
})(JSON.stringify, eval)"""
"""Gives back what an expression is worth as one JSON text, before the expression can change how that is done."""


NAMED = re.compile(r"\w*Error: ")
UNREADABLE = re.compile(r"cannot read property '(.*)' of (null|undefined)")


class ScriptError(ValueError):
    """An expression that throws, does not end, or takes too much memory; the text is JavaScript's own."""

    @property
    def message(self) -> str:
        """What was thrown, without its name, and in the words of Node where those differ and are met often."""
        text = NAMED.sub("", str(self), count=1)
        return UNREADABLE.sub(r"Cannot read properties of \2 (reading '\1')", text)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an expression is worth.

    `missing`: it is `undefined`. `kept` is false for what JSON cannot hold (functions): it is left out of objects.
    """

    truthy: bool
    missing: bool
    kept: bool
    value: Any


def evaluate(expression: str, names: Mapping[str, Any], *, seconds: float = SECONDS, memory: int = MEMORY) -> Outcome:
    """Evaluate `expression` with `names` (JSON values) as global variables. Raises ScriptError."""
    return _outcome(_run(expression, names, False, seconds, memory))


def holds(expression: str, names: Mapping[str, Any], *, seconds: float = SECONDS, memory: int = MEMORY) -> bool:
    """Whether `expression` is worth something that JavaScript takes for true. Raises ScriptError."""
    return _outcome(_run(expression, names, True, seconds, memory)).truthy


def _run(expression: str, names: Mapping[str, Any], test: bool, seconds: float, memory: int) -> Any:
    import quickjs  # type: ignore[import-untyped] # takes a fifth of a second to load, and most worlds have no expressions

    context = quickjs.Context()
    context.set_memory_limit(memory)
    context.set_max_stack_size(STACK)
    try:
        runner = context.eval(RUNNER)
        for name, value in names.items():
            given = context.parse_json(json.dumps(value)) if isinstance(value, dict | list) else value
            context.set(name, given)
        context.set_time_limit(seconds)
        return runner(str(expression), test)
    except (quickjs.JSException, quickjs.StackOverflow, UnicodeError) as fault:
        raise ScriptError(str(fault).splitlines()[0] if str(fault) else "null") from None


def _outcome(text: Any) -> Outcome:
    if not isinstance(text, str) or len(text) > LONGEST:
        raise ScriptError("the result is too large, or no value")
    about = json.loads(text)
    kept = about.get("text")
    return Outcome(about["truthy"], about["missing"], kept is not None, None if kept is None else json.loads(kept))
