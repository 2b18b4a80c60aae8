"""Joining the parts of a URL as the library url-join does, which CHT uses for outbound pushes."""

from __future__ import annotations

import re
from typing import Any

PROTOCOL = re.compile(r"([^/:]+):/*")


def join_url(*parts: Any) -> str:
    """The parts with exactly one slash between them. A part that is not a string is left out."""
    texts = [part for part in parts if isinstance(part, str) and part]
    if not texts:
        return ""
    texts[0] = PROTOCOL.sub(r"\1://", texts[0], count=1) if PROTOCOL.match(texts[0]) else texts[0]
    last = len(texts) - 1
    trimmed = [_trim_end(text.lstrip("/") if at else text, is_last=at == last) for at, text in enumerate(texts)]
    url = re.sub(r"/(\?|&|#[^!])", r"\1", "/".join(trimmed))
    first, *queries = url.split("?")
    return f"{first}?{'&'.join(queries)}" if queries else first


def _trim_end(text: str, *, is_last: bool) -> str:
    return re.sub(r"/+$", "/", text) if is_last else text.rstrip("/")
