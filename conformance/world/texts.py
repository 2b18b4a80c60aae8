"""Texts that real gateways get wrong, in groups: `conformance/texts.toml`. Scenarios send each of them both ways."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from conformance.verdicts import HarnessBroken


@dataclass(frozen=True, slots=True)
class Sample:
    """One text of a group."""

    id: str
    text: str


def groups(source: str | None = None) -> Mapping[str, tuple[Sample, ...]]:
    """All groups by name, from the file or from `source` (TOML). HarnessBroken if something in it is wrong."""
    text = source if source is not None else files("conformance").joinpath("texts.toml").read_text("utf-8")
    found: dict[str, tuple[Sample, ...]] = {}
    for group in tomllib.loads(text)["group"]:
        found[group["name"]] = tuple(Sample(entry["id"], _text(entry)) for entry in group["texts"])
    ids = [sample.id for samples in found.values() for sample in samples]
    if len(set(ids)) != len(ids):
        raise HarnessBroken(f"texts.toml: an id occurs twice: {sorted({id_ for id_ in ids if ids.count(id_) > 1})}")
    return found


def samples(name: str) -> tuple[Sample, ...]:
    """The texts of a group. HarnessBroken lists the groups."""
    known = groups()
    if name not in known:
        raise HarnessBroken(f"no group of texts is called {name!r}; there are: {'; '.join(known)}")
    return known[name]


def _text(entry: Mapping[str, Any]) -> str:
    if "text" in entry:
        return str(entry["text"])
    unit, length = str(entry["repeat"]), int(entry["length"])
    return (unit * (length // len(unit) + 1))[: length - 1] + "."
