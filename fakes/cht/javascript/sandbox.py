"""JavaScript in settings: `relevant_to`, `expr`, `bool_expr`, evaluated in a fresh context without host access.

The real server does not limit the time and memory of an expression; an endless loop blocks the server for good. Here
such an expression ends in ScriptError, so that the fake survives.
Source: `vm.runInNewContext` in cht-core `shared-libs/outbound/src/outbound.js`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fakes.cht.javascript.sandbox_guard import guard

SECONDS = 0.5
"""Limit of CPU time for one expression."""
MEMORY = 32 << 20
"""Limit in bytes for one expression."""
STACK = 256 << 10
"""Limit of the stack in bytes: far below the smallest thread's."""
LONGEST = 4 << 20
"""Maximum length of a result as JSON, in characters."""

RUNNER = """(function (json, run) {
  return function (source, test) {
    var value = run(source);
    return json({truthy: !!value, missing: value === undefined, text: test ? undefined : json(value)});
  };
})(JSON.stringify, eval)"""
"""Returns the outcome of an expression as JSON, with functions saved before the expression can replace them."""


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
    return _outcome(_run(expression, names, False, seconds, memory))


def holds(expression: str, names: Mapping[str, Any], *, seconds: float = SECONDS, memory: int = MEMORY) -> bool:
    """Whether the value of `expression` is truthy in JavaScript. Raises ScriptError."""
    return _outcome(_run(expression, names, True, seconds, memory)).truthy


def _run(expression: str, names: Mapping[str, Any], test: bool, seconds: float, memory: int) -> Any:
    import quickjs  # type: ignore[import-untyped] # takes a fifth of a second to load, and most settings have no expressions

    context = quickjs.Context()
    context.set_memory_limit(memory)
    context.set_max_stack_size(STACK)
    try:
        runner = context.eval(RUNNER)
        context.eval(guard())
        for name, value in names.items():
            js_value = context.parse_json(json.dumps(value)) if isinstance(value, dict | list) else value
            context.set(name, js_value)
        context.set_time_limit(seconds)
        return runner(str(expression), test)
    except (quickjs.JSException, quickjs.StackOverflow, UnicodeError) as fault:
        raise ScriptError(str(fault).splitlines()[0] if str(fault) else "null") from None


def _outcome(text: Any) -> Outcome:
    if not isinstance(text, str) or len(text) > LONGEST:
        raise ScriptError("the result is too large or not a value")
    about = json.loads(text)
    value = about.get("text")
    return Outcome(about["truthy"], about["missing"], value is not None, None if value is None else json.loads(value))
