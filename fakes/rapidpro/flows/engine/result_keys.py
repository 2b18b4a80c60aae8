"""The keys of results. Source: goflow utils/text.go."""

from __future__ import annotations

import re
import unicodedata

_OTHERS = re.compile("\0+")


def key_of(name: str) -> str:
    """A result's key: `Relay Retry` becomes `relay_retry`; letters of all scripts stay."""
    marked = "".join(one if _stays(one) else "\0" for one in name.strip())
    return _OTHERS.sub("_", marked).lower()


def _stays(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character == "_"
    return unicodedata.category(character)[0] == "L"
