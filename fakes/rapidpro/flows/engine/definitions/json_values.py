"""What a definition may hold at all: values of JSON, as the engine's JSON reader takes them.

Source: Go encoding/json: half of a surrogate pair is read as U+FFFD; NaN and infinities are no JSON.
"""

from __future__ import annotations

import math
import re
from typing import Any

from fakes.rapidpro.flows.engine.checks import json_kind
from fakes.rapidpro.flows.engine.refused import Refused

MAX_DEPTH = 150
"""Levels of a definition. The real engine takes 10,000; what RapidPro writes has about twelve."""
_HALF_PAIR = re.compile("[\ud800-\udfff]")


def as_read(definition: Any) -> Any:
    """The definition as the engine's JSON reader gives it. Refused, with the place, if it is no JSON or too deep."""
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(definition, ())]
    broken = False
    while waiting:
        value, place = waiting.pop()
        if isinstance(value, dict):
            waiting += ((one, (*place, key)) for key, one in value.items())
            broken = broken or any(_HALF_PAIR.search(key) for key in value if isinstance(key, str))
        elif isinstance(value, list):
            waiting += ((one, (*place, index)) for index, one in enumerate(value))
        elif isinstance(value, str):
            broken = broken or _HALF_PAIR.search(value) is not None
        elif isinstance(value, float) and not math.isfinite(value):
            raise Refused(f"{_shown(place)}: expected a JSON value, got the number {value}")
        elif json_kind(value) == "value":
            raise Refused(f"{_shown(place)}: expected a JSON value, got {type(value).__name__}")
        if len(place) > MAX_DEPTH:
            raise Refused(f"{_shown(place[:5])}: nested too deeply, in more than {MAX_DEPTH} levels")
    return _mended(definition) if broken else definition


def _shown(place: tuple[str | int, ...]) -> str:
    """A place as `nodes[0].router`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part[:40]}" for part in place)
    return _HALF_PAIR.sub("\ufffd", "".join(parts).removeprefix(".")) or "the definition"


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF_PAIR.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(one) for one in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(one) for key, one in value.items()}
    return value
