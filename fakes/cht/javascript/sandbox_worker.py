"""The process that evaluates JavaScript: for each line of JSON with an expression, a line of JSON with its outcome.

The engine ends loops at the time limit, but not its own functions, which may run for minutes (a search for a long text
in another). So a timer of the operating system ends the whole process a little later. Both limits count CPU time.
Source: `vm.runInNewContext` in cht-core `shared-libs/outbound/src/outbound.js`.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import Any

import quickjs  # type: ignore[import-untyped]

STACK = 256 << 10
"""Limit of the stack in bytes: far below the smallest thread's."""
LONGEST = 4 << 20
"""Maximum length of a result as JSON, in characters."""
GRACE = 0.1
"""CPU seconds after the time limit until the process ends."""

RUNNER = """(function (json, run) {
  return function (source, test) {
    var value = run(source);
    return json({truthy: !!value, missing: value === undefined, text: test ? undefined : json(value)});
  };
})(JSON.stringify, eval)"""
"""Returns the outcome of an expression as JSON, with functions saved before the expression can replace them."""


def main() -> None:
    """Answer requests until there are no more."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The outcome of an expression as JSON in `outcome`, else what went wrong in `error`."""
    signal.setitimer(signal.ITIMER_PROF, request["seconds"] + GRACE)
    try:
        text = run(request)
    except (quickjs.JSException, quickjs.StackOverflow, UnicodeError) as fault:
        return {"error": str(fault).splitlines()[0] if str(fault) else "null"}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    if not isinstance(text, str) or len(text) > LONGEST:
        return {"error": "the result is too large or not a value"}
    return {"outcome": text}


def run(request: dict[str, Any]) -> Any:
    """Evaluate an expression in a fresh context with `names` as global variables. Raises the engine's exceptions."""
    context = quickjs.Context()
    context.set_memory_limit(request["memory"])
    context.set_max_stack_size(STACK)
    runner = context.eval(RUNNER)
    for name, value in request["names"].items():
        js_value = context.parse_json(json.dumps(value)) if isinstance(value, dict | list) else value
        context.set(name, js_value)
    context.set_time_limit(request["seconds"])
    return runner(request["source"], request["test"])


if __name__ == "__main__":
    main()
