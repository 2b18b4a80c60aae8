"""Texts that real gateways get wrong, in groups: `conformance/texts.toml`. Scenarios send each of them, in both
directions; simulation and load draw from them."""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from conformance.verdicts import HarnessBroken

Direction = Literal["in", "out"]
DIRECTIONS = ("in", "out")


@dataclass(frozen=True, slots=True)
class Sample:
    """One text of a group. Its `length` counts if it was built up to a length."""

    id: str
    text: str
    counted: bool = False
    only: str | None = None
    """The only direction in which it can be sent as it is."""


def groups(source: str | None = None) -> Mapping[str, tuple[Sample, ...]]:
    """All groups by name, from the file or from `source` (TOML). HarnessBroken if something in it is wrong."""
    return _parsed(source if source is not None else _file())


def samples(name: str) -> tuple[Sample, ...]:
    """The texts of a group. HarnessBroken lists the groups."""
    known = groups()
    if name not in known:
        raise HarnessBroken(f"no group of texts is called {name!r}; there are: {'; '.join(known)}")
    return known[name]


@cache
def drawable(direction: Direction) -> tuple[Sample, ...]:
    """All texts that can be sent in this direction, in the order of the file."""
    return tuple(one for group in groups().values() for one in group if one.only in (None, direction))


def draw(rng: random.Random, direction: Direction, marker: str = "") -> str:
    """One of the texts of this direction, chosen by `rng`; `marker` makes it differ from the others.

    In a text of a certain length the marker takes the place of the last characters, so that the length stays. In any
    other it stands in front or behind.
    """
    sample = rng.choice(drawable(direction))
    if not marker:
        return sample.text
    if sample.counted and len(sample.text) > len(marker):
        return sample.text[: -len(marker)] + marker
    return f"{marker} {sample.text}" if rng.random() < 0.5 else f"{sample.text} {marker}"


def _file() -> str:
    return files("conformance").joinpath("texts.toml").read_text("utf-8")


def _parsed(source: str) -> Mapping[str, tuple[Sample, ...]]:
    found: dict[str, tuple[Sample, ...]] = {}
    for group in tomllib.loads(source)["group"]:
        only = group.get("only")
        if only not in (None, *DIRECTIONS):
            raise HarnessBroken(f"texts.toml: only of {group['name']!r} must be one of in, out; got {only!r}")
        found[group["name"]] = tuple(
            Sample(entry["id"], _text(entry), "repeat" in entry, only) for entry in group["texts"]
        )
    ids = [sample.id for samples in found.values() for sample in samples]
    if len(set(ids)) != len(ids):
        raise HarnessBroken(f"texts.toml: an id occurs twice: {sorted({id_ for id_ in ids if ids.count(id_) > 1})}")
    return found


def _text(entry: Mapping[str, Any]) -> str:
    if "text" in entry:
        return str(entry["text"])
    if "json" in entry:
        return str(json.loads(f'"{entry["json"]}"'))
    unit, length = str(entry["repeat"]), int(entry["length"])
    return (unit * (length // len(unit) + 1))[: length - 1] + "." + str(entry.get("then", ""))
