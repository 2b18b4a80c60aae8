"""The generated part of docs/profiles.md: what differs between versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from fakes.field_meanings import meanings
from fakes.rapidpro.versions.habits import HABITS, Habits
from fakes.rapidpro.versions.profile import Profile
from fakes.rapidpro.versions.profiles import NAMES, PROFILES

HABITS_HEADING = "What happens behind the API, in mailroom and courier:"
BEGIN, END = "<!-- begin profiles -->", "<!-- end profiles -->"


def updated(text: str) -> str:
    """`text` with everything between its two markers generated again. Raises ValueError if they are missing."""
    lines = (*_versions(), "", *_differences(Profile, PROFILES), "", HABITS_HEADING, "", *_differences(Habits, HABITS))
    generated = f"{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}"
    text, found = re.subn(f"{BEGIN}.*?{END}", lambda _: generated, text, flags=re.DOTALL)
    if found != 1:
        raise ValueError(f"expected one pair of markers `begin profiles` and `end profiles`, found {found}")
    return text


def _versions() -> Iterator[str]:
    yield "| profile | stands for |"
    yield "|---|---|"
    for profile in PROFILES.values():
        yield f"| `{profile.name}` | {profile.about} |"


def _differences(kind: type[Any], versions: Mapping[str, Any]) -> Iterator[str]:
    """A line for each field of a table in which neighbouring versions differ."""
    yield "| what | " + " | ".join(f"`{name}`" for name in versions) + " |"
    yield "|---" * (len(versions) + 1) + "|"
    for name, meaning in meanings(kind).items():
        values = [getattr(one, name) for one in versions.values()]
        if name not in NAMES and any(one != other for one, other in pairwise(values)):
            cells = [_cell(values[0]), *(_compared(one, other) for one, other in pairwise(values))]
            yield f"| `{name}`: {meaning} | " + " | ".join(cells) + " |"


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {word}" for key, word in value.items()) or "none"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    if isinstance(value, tuple):
        return ", ".join(": ".join(one) if isinstance(one, tuple) else str(one) for one in value)
    return "none" if value is None else str(value)


def _compared(before: Any, after: Any) -> str:
    """How a version differs from the one to its left."""
    if before == after:
        return "="
    if isinstance(after, tuple | frozenset) and isinstance(after[0] if isinstance(after, tuple) else "", str):
        more = [f"+ {one}" for one in _in_order(after) if one not in before]
        less = [f"− {one}" for one in _in_order(before) if one not in after]
        kept = [one for one in before if one in after] != [one for one in after if one in before]
        moved = ["other order"] if isinstance(after, tuple) and kept else []
        return "<br>".join(more + less + moved)
    return _cell(after)


def _in_order(values: Any) -> Any:
    return sorted(values) if isinstance(values, frozenset) else values
