"""Texts with NUL, which CHT can hold and RapidPro refuses (FACTS of RapidPro, section 3).

A relay may report such a text as failed, or send it without the NUL or with another character in its place: all are
right. So that a check can compare texts, what arrived is called by the text that CHT has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from conformance.history.model import Arrival, Message, OutgoingText

Sent = TypeVar("Sent", Arrival, Message)


class Originals:
    """CHT's texts with NUL, and which texts they may have become."""

    def __init__(self, texts: Iterable[OutgoingText]) -> None:
        self._known = frozenset((one.number, one.text) for one in texts)
        self._patterns = [(number, _pattern(text), text) for number, text in sorted(self._known) if "\0" in text]

    def named(self, sent: tuple[Sent, ...]) -> tuple[Sent, ...]:
        """The same messages or arrivals; those that stand for a text with NUL have its text."""
        return tuple(map(self._named, sent)) if self._patterns else sent

    def _named(self, one: Sent) -> Sent:
        if (one.number, one.text) in self._known:
            return one
        for number, pattern, text in self._patterns:
            if number == one.number and pattern.fullmatch(one.text):
                return replace(one, text=text)
        return one


def _pattern(text: str) -> re.Pattern[str]:
    """The text with at most one character in the place of each NUL."""
    return re.compile(".?".join(map(re.escape, text.split("\0"))), re.DOTALL)
