"""Texts and bodies as people read them in a list: on one line, as short as there is room, cut with an ellipsis."""

from __future__ import annotations

import json
import re
from typing import Any

from rich.cells import cell_len

ELLIPSIS = "…"
UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{6}([0-9a-f]{6})\b")
QUOTATION = re.compile(r'"(?P<text>.*)(?P<rest>"[^"]*)')
FEWEST = 8
"""Cells of a quoted text that still say which text it is."""
TELLING = (
    "id", "status", "state", "broadcast", "urns", "urn", "from", "to", "text", "content", "reason", "detail", "error",
    "messages", "updates", "results",
)  # fmt: skip
"""Fields of JSON bodies that are shown first."""


def on_one_line(text: str) -> str:
    """`text` with everything that is not printable, such as a line break, as an escape sequence."""
    return text if text.isprintable() else "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def cut(text: str, room: int) -> str:
    """`text` in at most `room` cells of a terminal: what does not fit is replaced by an ellipsis."""
    if cell_len(text) <= room:
        return text
    kept, left = "", max(room - 1, 0)
    for char in text:
        left -= cell_len(char)
        if left < 0:
            break
        kept += char
    return f"{kept.rstrip()}{ELLIPSIS}"


def cut_in_quotes(sentence: str, room: int) -> str:
    """`sentence` in at most `room` cells. One that begins with a quoted text is cut in the quotation: what is said
    about the text matters more."""
    found = QUOTATION.fullmatch(sentence)
    left = 0 if found is None else room - 1 - cell_len(found["rest"])
    if found is None or left < FEWEST or cell_len(sentence) <= room:
        return cut(sentence, room)
    return f'"{cut(found["text"], left)}{found["rest"]}'


def quoted(text: str, room: int = 40) -> str:
    """A text of a person or of CHT, in quotation marks."""
    return f'"{cut(on_one_line(text), room)}"'


def condensed(body: str) -> str:
    """A body in few words: of JSON the telling fields first and no empty ones; UUIDs show their end. Empty if it says
    nothing."""
    try:
        document = _telling(json.loads(body))
    except ValueError:
        shown = " ".join(body.split())
    else:
        shown = json.dumps(document, ensure_ascii=False) if document not in ({}, [], None) else ""
    return on_one_line(UUID.sub(rf"{ELLIPSIS}\1", shown))


def _telling(value: Any) -> Any:
    if isinstance(value, list):
        return [_telling(one) for one in value]
    if not isinstance(value, dict):
        return value
    names = sorted(value, key=lambda name: TELLING.index(name) if name in TELLING else len(TELLING))
    return {name: _telling(value[name]) for name in names if value[name] not in (None, [], {})}


def shortened(text: str, most: int | None) -> str:
    """`text` with at most `most` characters (None: all), and how many there are."""
    return text if most is None or len(text) <= most else f"{text[:most]}{ELLIPSIS} ({len(text)} characters)"


def and_more(shown: list[str], count: int) -> str:
    """A few of `count` things in a sentence: `a, b, and 37 more`."""
    more = count - len(shown)
    return ", ".join(shown) + (f"{' and' if not shown else ', and'} {more} more" if more > 0 else "")
