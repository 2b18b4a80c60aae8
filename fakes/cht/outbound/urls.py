"""Joining the parts of an address as the library url-join does, which CHT uses for outbound pushes."""

from __future__ import annotations

import re
from typing import Any

PROTOCOL = re.compile(r"([^/:]+):/*")


def join_url(*parts: Any) -> str:
    """Parts with exactly one slash between them. A part that is no text is left out."""
    texts = [part for part in parts if isinstance(part, str) and part]
    if not texts:
        return ""
    texts[0] = PROTOCOL.sub(r"\1://", texts[0], count=1) if PROTOCOL.match(texts[0]) else texts[0]
    last = len(texts) - 1
    cleaned = [_ended(text.lstrip("/") if place else text, is_last=place == last) for place, text in enumerate(texts)]
    url = re.sub(r"/(\?|&|#[^!])", r"\1", "/".join(cleaned))
    first, *queries = url.split("?")
    return f"{first}?{'&'.join(queries)}" if queries else first


def _ended(text: str, *, is_last: bool) -> str:
    return re.sub(r"/+$", "/", text) if is_last else text.rstrip("/")
