"""`python -m fakes eval`: flow expressions, one JSON object a line in, one a line out.

In: {"template": text, "context": object, "env": object, "generation": "new"|"9"}; only the template is required.
Out: {"text": text, "errors": [messages]}, or {"error": sentence} for an invalid line.
Exit status 0, or 2 if there was an invalid line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TextIO

from fakes.rapidpro.flows.expressions import env_from_json, evaluate
from fakes.rapidpro.flows.expressions.conversion import from_json

MAX_EXPONENT = 400
KEYS = {"template", "context", "env", "generation"}


class BadLine(ValueError):
    """An invalid line; the text says what was expected and what came."""


def run(lines: Iterable[bytes], out: TextIO) -> int:
    """Evaluate each line and write its outcome at once; blank lines are skipped. Returns the exit status."""
    status = 0
    for line in lines:
        if not line.strip():
            continue
        try:
            answer = evaluate_line(line)
        except BadLine as error:
            answer, status = {"error": str(error)}, 2
        out.write(json.dumps(answer) + "\n")
        out.flush()
    return status


def evaluate_line(line: bytes) -> dict[str, Any]:
    """The outcome of one line. Raises BadLine."""
    values = _object(line)
    unknown = sorted(set(values) - KEYS)
    if unknown:
        raise BadLine(f"unknown key {unknown[0]!r}: expected {', '.join(sorted(KEYS))}")
    template, generation = values.get("template"), values.get("generation", "new")
    if not isinstance(template, str):
        raise BadLine(f"template must be a text, got {_kind(template)}")
    if generation not in ("new", "9"):
        raise BadLine(f'generation must be "new" or "9", got {generation!r}')
    context, env = values.get("context", {}), values.get("env", {})
    for name, value in (("context", context), ("env", env)):
        if not isinstance(value, dict):
            raise BadLine(f"{name} must be an object, got {_kind(value)}")
    try:
        converted = {name: from_json(value) for name, value in context.items()}
        outcome = evaluate(template, converted, env_from_json(env, generation), generation=generation)
    except (ValueError, TypeError) as error:
        raise BadLine(str(error)) from None
    except RecursionError:
        raise BadLine("context is nested too deeply") from None
    return {"text": outcome.text, "errors": list(outcome.errors)}


def _object(line: bytes) -> dict[str, Any]:
    try:
        values = json.loads(line.decode("utf-8"), parse_float=_number, parse_int=_number, parse_constant=_number)
    except UnicodeDecodeError:
        raise BadLine("the line is not UTF-8") from None
    except RecursionError:
        raise BadLine("the line is nested too deeply") from None
    except ValueError as error:
        raise BadLine(f"the line is not JSON: {error}") from None
    if not isinstance(values, dict):
        raise BadLine(f"expected a JSON object, got {_kind(values)}")
    return values


def _number(digits: str) -> Decimal:
    """A number with all its digits: a context may hold more than a float can."""
    number = Decimal(digits)
    if not number.is_finite() or abs(number.adjusted()) > MAX_EXPONENT:
        raise ValueError(f"{digits[:20]} is out of range")
    return number


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", Decimal: "a number", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), "something else")
