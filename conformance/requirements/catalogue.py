"""The requirements: what a relay must, should or may do, each with its source. Read from `requirements.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files


class Level(StrEnum):
    """How binding a requirement is, in the words of RFC 2119."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"


LEVELS = {Level.MUST: 0, Level.SHOULD: 1, Level.MAY: 2}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One sentence that can be judged. `source` names a document, a file of the real software, or an issue."""

    id: str
    level: Level
    sentence: str
    source: str


class UnknownRequirement(ValueError):
    """An id that no requirement has."""


class EmptySelection(ValueError):
    """A selection that selects nothing: it would pass without testing anything."""


def load(text: str | None = None) -> tuple[Requirement, ...]:
    """All requirements in the order of the file. ValueError for a double id or a missing part."""
    source = text if text is not None else files("conformance").joinpath("requirements.toml").read_text("utf-8")
    found: dict[str, Requirement] = {}
    for row in tomllib.loads(source)["requirement"]:
        missing = {"id", "level", "sentence", "source"} - {key for key, value in row.items() if value}
        if missing:
            raise ValueError(f"requirement {row.get('id', '(without id)')} lacks {', '.join(sorted(missing))}")
        if row["id"] in found:
            raise ValueError(f"two requirements have the id {row['id']}: ids are unique")
        found[row["id"]] = Requirement(row["id"], Level(row["level"]), row["sentence"], row["source"])
    return tuple(found.values())


def select(
    requirements: Sequence[Requirement], only: Iterable[str] = (), level: Level | None = None
) -> tuple[Requirement, ...]:
    """Those of the given ids (all, if none is given) at `level` or stricter.

    Raises UnknownRequirement with the list of known ids, EmptySelection if nothing is left.
    """
    wanted = tuple(only)
    known = [requirement.id for requirement in requirements]
    unknown = [id_ for id_ in wanted if id_ not in known]
    if unknown:
        raise UnknownRequirement(f"no requirement has the id {', '.join(unknown)}; there are: {', '.join(known)}")
    chosen = tuple(
        requirement
        for requirement in requirements
        if (not wanted or requirement.id in wanted) and (level is None or LEVELS[requirement.level] <= LEVELS[level])
    )
    if not chosen:
        raise EmptySelection(f"no requirement is left of {', '.join(wanted) or 'all'} at level {level}: choose others")
    return chosen
