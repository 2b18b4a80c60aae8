"""The body and the query of a control request: fields are checked, and what does not fit is refused with a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest

from fakes.serving.json_depth import TOO_DEEP, is_too_deep

MOST_DIGITS = 18


def json_body(number: Callable[[str], Any] | None = None) -> Any:
    """The JSON in the request's body, its numbers as `number` reads them. BadRequest if it is none, or too deep."""
    data = request.get_data()
    try:
        body = json.loads(data, parse_constant=_refuse_constant, parse_int=number, parse_float=number)
    except ValueError as failure:
        raise BadRequest(f"the body is not JSON: {failure}") from None
    except RecursionError:
        raise BadRequest(f"the body is not JSON that can be used: {TOO_DEEP}") from None
    if is_too_deep(body):
        raise BadRequest(f"the body is not JSON that can be used: {TOO_DEEP}")
    return body


def json_object(number: Callable[[str], Any] | None = None) -> Mapping[str, Any]:
    """The JSON object in the request's body, as `json_body` reads it. BadRequest if it is anything else."""
    body = json_body(number)
    if not isinstance(body, dict):
        raise BadRequest(f"expected a JSON object, got {json.dumps(body)[:80]}")
    return body


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def typed_fields(types: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    """The body's fields, each of one of the types allowed for it. BadRequest for any other field or type."""
    body = json_body()
    if not isinstance(body, dict):
        raise BadRequest(f"expected an object with any of {', '.join(types)}; got {type(body).__name__}")
    for name, value in body.items():
        if name not in types:
            raise BadRequest(f"unknown field {name!r}: possible are {', '.join(types)}")
        if type(value) not in types[name]:
            names = " or ".join(kind.__name__ for kind in types[name])
            raise BadRequest(f"{name} must be {names}, got {type(value).__name__}")
    return body


def choice(name: str, allowed: Sequence[str]) -> str:
    """The field of that name, which must be one of the allowed words. BadRequest for anything else."""
    value = _field(name)
    if value not in allowed:
        raise BadRequest(f"{name}: expected one of {', '.join(allowed)}, got {value!r}")
    return str(value)


def seconds(name: str, most: float) -> float:
    """The field of that name: a number of seconds above 0 and at most `most`. BadRequest for anything else."""
    value = _field(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise BadRequest(f"{name}: expected seconds, above 0 and at most {most:.0f}, got {value!r}")
    return float(value)


def _field(name: str) -> Any:
    body = json_body()
    return body.get(name) if isinstance(body, dict) else None


def query_number(name: str) -> int | None:
    """The whole number of that name in the query; None if it is not given. BadRequest for anything else."""
    text = request.args.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > MOST_DIGITS:
        raise BadRequest(f"{name}: expected a whole number from 0, got {text[:40]!r}")
    return int(text)
