"""Reads a JSON document field by field; what is missing or of another kind is a sentence that names the place."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeVar

Word = TypeVar("Word", bound=StrEnum)
Kind = TypeVar("Kind")
KINDS: Mapping[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    list: "a list",
    dict: "an object",
}


class ForeignReport(ValueError):
    """The document is not a report that this harness can read; the message says where, what was expected, what came."""


class Fields:
    """One JSON object of a document, and where it is in it."""

    def __init__(self, value: Any, where: str) -> None:
        self.where = where
        self._fields: dict[str, Any] = self._checked(value, dict, where)

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def text(self, name: str) -> str:
        return self._typed(name, str)

    def flag(self, name: str) -> bool:
        return self._typed(name, bool)

    def whole(self, name: str) -> int:
        return self._typed(name, int)

    def number(self, name: str) -> float:
        """A finite number."""
        value = self.any(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ForeignReport(f"{self.where}.{name} must be a number, got {shown(value)}")
        return float(value)

    def mapping(self, name: str) -> dict[str, Any]:
        return self._typed(name, dict)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        values = self._typed(name, list)
        return tuple(self._checked(value, str, f"{self.where}.{name}[{n}]") for n, value in enumerate(values))

    def word(self, name: str, words: type[Word]) -> Word:
        """One word of an enumeration."""
        value = self.any(name)
        known = [word.value for word in words]
        if value not in known:
            raise ForeignReport(f"{self.where}.{name} must be one of {', '.join(known)}, got {shown(value)}")
        return words(value)

    def objects(self, name: str) -> Iterator[Fields]:
        """A list of objects."""
        for n, value in enumerate(self._typed(name, list)):
            yield Fields(value, f"{self.where}.{name}[{n}]")

    def any(self, name: str) -> Any:
        """The value, whatever it is."""
        if name not in self._fields:
            raise ForeignReport(f"{self.where} lacks {name!r}")
        return self._fields[name]

    def _typed(self, name: str, kind: type[Kind]) -> Kind:
        return self._checked(self.any(name), kind, f"{self.where}.{name}")

    @staticmethod
    def _checked(value: Any, kind: type[Kind], where: str) -> Kind:
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ForeignReport(f"{where} must be {KINDS[kind]}, got {shown(value)}")
        return value


def shown(value: Any) -> str:
    """A value as JSON on one line, cut after 60 characters."""
    words = json.dumps(value, ensure_ascii=True)
    return words if len(words) <= 60 else f"{words[:59]}…"
