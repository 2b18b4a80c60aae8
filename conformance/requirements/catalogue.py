"""The requirements from `requirements.toml`: what a relay must, should or may do, each with its source."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files


class Level(StrEnum):
    """How binding a requirement is, as in RFC 2119."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"


LEVELS = {Level.MUST: 0, Level.SHOULD: 1, Level.MAY: 2}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement that can be judged. `source` names a document, a file of the real software, or an issue.

    `why` is what it means for a patient or a health worker. `failing` is a history that breaks it, in order of time.
    `checks` are the checks of conduct that belong to it: they look at every scenario, and what they find fails this
    requirement, not that of the scenario.
    """

    id: str
    level: Level
    sentence: str
    source: str
    checks: tuple[str, ...] = ()
    why: str = ""
    failing: str = ""


class UnknownRequirement(ValueError):
    """No requirement has this id."""


class EmptySelection(ValueError):
    """The selection contains no requirement: it would pass without testing anything."""


def load(text: str | None = None) -> tuple[Requirement, ...]:
    """All requirements in the order of the file. ValueError for a duplicate id or a missing field."""
    source = text if text is not None else files("conformance").joinpath("requirements.toml").read_text("utf-8")
    found: dict[str, Requirement] = {}
    for row in tomllib.loads(source)["requirement"]:
        missing = {"id", "level", "sentence", "source", "why", "failing"} - {key for key, value in row.items() if value}
        if missing:
            raise ValueError(f"requirement {row.get('id', '(without id)')} lacks {', '.join(sorted(missing))}")
        if row["id"] in found:
            raise ValueError(f"two requirements have the id {row['id']}: ids must be unique")
        values = {**row, "level": Level(row["level"]), "checks": tuple(row.get("checks", ()))}
        found[row["id"]] = Requirement(**values)
    return tuple(found.values())


def select(
    requirements: Sequence[Requirement], only: Iterable[str] = (), level: Level | None = None
) -> tuple[Requirement, ...]:
    """The requirements with the ids `only` (default: all) at `level` or stricter.

    UnknownRequirement lists the known ids. EmptySelection if nothing is left.
    """
    ids = tuple(only)
    known = [requirement.id for requirement in requirements]
    unknown = [id_ for id_ in ids if id_ not in known]
    if unknown:
        raise UnknownRequirement(f"unknown requirement {', '.join(unknown)}; known ids: {', '.join(known)}")
    selected = tuple(
        requirement
        for requirement in requirements
        if (not ids or requirement.id in ids) and (level is None or LEVELS[requirement.level] <= LEVELS[level])
    )
    if not selected:
        raise EmptySelection(f"none of the requirements {', '.join(ids) or 'of all levels'} is at level {level}")
    return selected
