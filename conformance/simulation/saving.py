"""Saves the failing schedules of a search: the first ones shrunk, further ones as generated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance.checks import Violation
from conformance.simulation.generate import generate
from conformance.simulation.results import SearchResult, SeedResult
from conformance.simulation.search import shrink_failing
from conformance.simulation.worlds import world_opener

SHRUNK = 5
"""How many failing schedules are shrunk. Shrinking one takes up to some hundred runs."""
SAVED = 100
"""How many failing schedules are saved, so that a subject that always fails does not fill a disk."""


@dataclass(frozen=True, slots=True)
class SavedFailure:
    """The file of one failing schedule, or why it could not be written."""

    seed: int
    path: Path
    shrunk: bool
    dropped: tuple[Violation, ...] = ()
    """Violations of the whole schedule that the shrunk one does not show."""
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class SavedFailures:
    """What became of all failing schedules of a search."""

    folder: Path
    tried: Sequence[SavedFailure] = ()
    not_tried: Sequence[int] = ()
    """The failing seeds beyond the first `SAVED`."""

    def saved(self) -> Sequence[SavedFailure]:
        """Those that are on disk."""
        return [one for one in self.tried if one.problem is None]

    def as_json(self) -> dict[str, Any]:
        """The keys that `simulate --json` has for them."""
        problems = [one.seed for one in self.tried if one.problem is not None]
        return {
            "saved": [{"seed": one.seed, "file": str(one.path), "shrunk": one.shrunk} for one in self.saved()],
            "not_saved": [*problems, *self.not_tried],
        }

    def sentences(self) -> list[str]:
        """For people: how to run the schedules again, and what is not in the files."""
        lines = []
        for one in self.tried:
            if one.problem is not None:
                lines.append(f"the schedule of seed {one.seed} could not be saved as {one.path}: {one.problem}")
                continue
            if one.dropped:
                kinds = ", ".join(sorted({f"{violation.kind} ({violation.check})" for violation in one.dropped}))
                lines.append(f"seed {one.seed}: the shrunk schedule does not show {kinds}; the whole one does")
            if one.shrunk:
                lines.append(f"run again: relay-harness replay {one.path}")
        whole = [one for one in self.saved() if not one.shrunk]
        if whole:
            lines.append(f"{len(whole)} further failing schedules are saved in {self.folder} without being shrunk")
        if self.not_tried:
            lines.append(
                f"{len(self.not_tried)} further failing schedules are not saved: seeds "
                f"{', '.join(map(str, self.not_tried))}; --runs 1 --seed SEED saves one of them"
            )
        return lines


def save_failures(
    found: SearchResult, profile: str, folder: Path, on_shrinking: Callable[[int], None] = lambda _seed: None
) -> SavedFailures:
    """Save the failing schedules in `folder`; `on_shrinking` gets each seed whose shrinking begins."""
    tried = []
    for position, result in enumerate(found.failing[:SAVED]):
        path = folder / f"{found.subject}-{result.seed}.json"
        if position < SHRUNK:
            on_shrinking(result.seed)
        tried.append(_save(result, path, found.subject, profile, shrinking=position < SHRUNK))
    return SavedFailures(folder, tried, [result.seed for result in found.failing[SAVED:]])


def _save(result: SeedResult, path: Path, subject: str, profile: str, *, shrinking: bool) -> SavedFailure:
    schedule = generate(result.seed, subject=subject, profile=profile)
    dropped: tuple[Violation, ...] = ()
    if shrinking:
        small = shrink_failing(schedule, world_opener(subject))
        schedule, dropped = small.schedule, small.dropped
    else:
        schedule = replace(schedule, found=result.sentences)
    try:
        schedule.save(path)
    except OSError as failure:
        return SavedFailure(result.seed, path, shrinking, problem=failure.strerror or str(failure))
    return SavedFailure(result.seed, path, shrinking, dropped)
