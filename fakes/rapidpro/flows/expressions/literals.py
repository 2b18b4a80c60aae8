"""Text literals: the text between the quotes, with escapes resolved as in Go."""

from __future__ import annotations

import re

_SIMPLE = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"',
}  # fmt: skip
_PIECE = re.compile(
    r"(?P<plain>[^\\\"\n]+)|\\(?P<simple>[abfnrtv\\\"])|\\u(?P<u>[0-9a-fA-F]{4})|\\U(?P<U>[0-9a-fA-F]{8})"
    r"|\\x(?P<x>[0-9a-fA-F]{2})|\\(?P<octal>[0-3][0-7]{2})"
)


def unquote(literal: str) -> str:
    """The text of a quoted literal. If any escape in it is invalid, the text is taken unchanged."""
    inner = literal[1:-1]
    if "\\" not in inner:
        return inner
    out = bytearray()
    position = 0
    while position < len(inner):
        match = _PIECE.match(inner, position)
        piece = None if match is None else _piece(match)
        if match is None or piece is None:
            return inner
        out += piece
        position = match.end()
    return out.decode("utf-8", "replace")


def _piece(match: re.Match[str]) -> bytes | None:
    kind, text = match.lastgroup, match.group(match.lastgroup or 0)
    if kind == "plain":
        return text.encode("utf-8", "surrogatepass")
    if kind == "simple":
        return _SIMPLE[text].encode()
    if kind in ("x", "octal"):
        return bytes([int(text, 16 if kind == "x" else 8)])
    code = int(text, 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return None
    return chr(code).encode()
