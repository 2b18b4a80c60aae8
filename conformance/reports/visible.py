"""Makes characters visible that a reader cannot see, that turn lines around, or that XML forbids."""

from __future__ import annotations

import re

INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, other than tab and line feed
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"  # direction and width
    "\ud800-\udfff\ufffe\uffff]"  # no characters at all
)


def visible(text: str) -> str:
    """The text with such characters as `[U+202E]`. Joiners of emoji and of Indic scripts stay: they change letters."""
    return INVISIBLE.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def cut(text: str, most: int) -> str:
    """The text, cut to `most` characters with an ellipsis and how many are left out."""
    if len(text) <= most:
        return text
    return f"{text[:most]}… ({len(text) - most} more characters)"
