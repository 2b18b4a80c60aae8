"""Which requirements are judged: `--only`, `--level` and `--scenario`."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import click

from conformance.requirements.catalogue import (
    EmptySelection,
    Level,
    Requirement,
    UnknownRequirement,
    load,
    select,
)
from conformance.running.runner import UnknownScenario, judged_by


def selected(only: Sequence[str], level: str | None, names: Sequence[str] = ()) -> tuple[Requirement, ...]:
    """The requirements that `--only` (each with ids or patterns, between commas) and `--level` select; with `names`,
    those of them that scenarios with these names judge.

    click.UsageError if an id is unknown or nothing is selected.
    """
    known = load()
    words = [word.strip().upper() for value in only for word in value.split(",") if word.strip()]
    if only and not words:
        raise click.UsageError("--only is empty: give ids such as IN-1,OUT-2 or OUT-* (see relay-harness list)")
    try:
        ids = [id_ for word in words for id_ in expanded(word, [requirement.id for requirement in known])]
        requirements = select(known, ids, Level(level) if level else None)
        return judged_by(names, requirements) if names else requirements
    except (UnknownRequirement, EmptySelection, UnknownScenario) as problem:
        raise click.UsageError(str(problem)) from None


def expanded(word: str, known: Sequence[str]) -> list[str]:
    """The ids that a pattern such as OUT-* means; a word that matches none is left to be refused."""
    return [id_ for id_ in known if fnmatchcase(id_, word)] or [word]
