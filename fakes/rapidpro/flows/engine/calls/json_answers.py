"""The JSON of an answer, whatever its content type. Source: goflow utils/json.go."""

from __future__ import annotations

import json
import re
from typing import Any

_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def json_text(body: bytes) -> str | None:
    """The answer as JSON text, without NULs and without bytes that are no UTF-8; None if it is not JSON."""
    text = _ESCAPED_NUL.sub(r"\1", body.decode("utf-8", "ignore").replace("\x00", ""))
    try:
        json.loads(text, parse_constant=_refuse, parse_int=len, parse_float=len)
    except (ValueError, RecursionError):
        return None
    return text


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
