"""The generated part of docs/cht-releases.md: what differs between releases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from fakes.cht.releases.release import Release
from fakes.cht.releases.table import RELEASES
from fakes.field_meanings import meanings

BEGIN, END = "<!-- begin releases -->", "<!-- end releases -->"
IN_THE_FIRST_TABLE = ("name", "about")


def updated(text: str) -> str:
    """`text` with everything between its two markers generated again. Raises ValueError if they are missing."""
    generated = f"{BEGIN}\n\n" + "\n".join((*_releases(), "", *_differences())) + f"\n\n{END}"
    text, found = re.subn(f"{BEGIN}.*?{END}", lambda _: generated, text, flags=re.DOTALL)
    if found != 1:
        raise ValueError(f"expected one pair of markers `begin releases` and `end releases`, found {found}")
    return text


def _releases() -> Iterator[str]:
    yield "| release | what it is |"
    yield "|---|---|"
    for release in RELEASES.values():
        yield f"| `{release.name}` | {release.about} |"


def _differences() -> Iterator[str]:
    """A line for each field; `=` where a release does as the one before."""
    yield "| what | " + " | ".join(f"`{name}`" for name in RELEASES) + " |"
    yield "|---" * (len(RELEASES) + 1) + "|"
    for name, meaning in meanings(Release).items():
        if name not in IN_THE_FIRST_TABLE:
            values = [getattr(release, name) for release in RELEASES.values()]
            cells = [_cell(values[0]), *("=" if old == new else _cell(new) for old, new in pairwise(values))]
            yield f"| `{name}`: {' '.join(meaning.split())} | " + " | ".join(cells) + " |"


def _cell(value: Any) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)
