"""Splitting texts into words.

A word is a run of letters, marks, digits, `_` and `'`; a symbol (an emoji, a currency sign) is a word of its own.
Source: goflow utils/text.go.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

WHITE_SPACE = (
    " \t\n\v\f\r\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""What the engine treats as white space."""


def words(text: str, delimiters: str = "") -> list[str]:
    """The words of a text; with delimiters: the untrimmed parts between any of these characters."""
    if delimiters:
        return _between(text, delimiters)
    return [text[start:end] for start, end in spans(text)]


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each word starts and ends."""
    start = -1
    for position, character in enumerate(text):
        inside = character in "_'" or unicodedata.category(character)[0] in "LMN"
        if inside and start < 0:
            start = position
        elif not inside:
            if start >= 0:
                yield start, position
                start = -1
            if unicodedata.category(character)[0] == "S":
                yield position, position + 1
    if start >= 0:
        yield start, len(text)


def _between(text: str, delimiters: str) -> list[str]:
    found, current = [], ""
    for character in text:
        if character in delimiters:
            if current:
                found.append(current)
            current = ""
        else:
            current += character
    return [*found, current] if current else found
