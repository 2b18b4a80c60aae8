"""A conversation file as plain data that knows the line of each part, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Where = tuple[str | int, ...]
"""A place in a document: keys and indexes from the outside to the inside."""
MAX_BYTES = 1024 * 1024
"""Of a conversation file."""
MAX_PARTS = 100_000
MAX_DEPTH = 60


class BadFile(ValueError):
    """A file that cannot be used; the text begins with file and line, and says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Document:
    """`content`: mappings, lists, texts, numbers, booleans, None. `lines`: the line of each place, from 1."""

    path: Path
    content: Any
    lines: Mapping[Where, int]

    def line(self, where: Sequence[str | int]) -> int:
        """The line of a place, or else of the nearest part that holds it."""
        place = tuple(where)
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def problem(self, where: Sequence[str | int], text: str) -> BadFile:
        """An error with its place: `tests.yaml:12: conversations[0].steps[2].wait: expected ...`."""
        name = written(where)
        return BadFile(f"{self.path}:{self.line(where)}: {f'{name}: ' if name else ''}{text}")


def written(where: Sequence[str | int]) -> str:
    """A place as people read it: `conversations[0].steps[2].wait`."""
    text = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in where)
    return text.removeprefix(".")


def shown(value: Any) -> str:
    """A value within a message, not too long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def read_text(path: Path) -> str:
    """The text of a conversation file. BadFile if it cannot be read, is too large, or is not UTF-8."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BadFile(f"{path}: expected at most {MAX_BYTES} bytes, got {size}: divide the file")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadFile(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadFile(f"{path}: expected UTF-8, got other bytes at position {error.start}") from None
