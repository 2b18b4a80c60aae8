"""The results of a search: of one seed, and of all, in the order of the seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SeedResult:
    """The result of one seed, as a worker returns it."""

    seed: int
    texts: int
    faults: int
    """With crashes, freezes and whatever else went wrong on purpose."""
    virtual_seconds: float
    kinds: tuple[str, ...] = ()
    """The kind of each violation, such as `lost`; none if the subject survived."""
    sentences: tuple[str, ...] = ()
    """The violations in words."""


@dataclass
class SearchResult:
    """The result of the whole search; `as_json` is the shape of `simulate --json`."""

    seed: int
    """The first one."""
    subject: str
    runs: int = 0
    texts: int = 0
    faults: int = 0
    virtual_seconds: float = 0.0
    wall_seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    """How many violations of each kind."""
    failing: list[SeedResult] = field(default_factory=list)
    """The seeds that the subject did not survive, in order."""
    requested: int | None = None
    """The number of runs that was asked for; None if only a time was."""
    stopped_at_first: bool = False
    """Whether the search ended at the first failing seed, which is then the last one counted."""

    def add(self, result: SeedResult) -> None:
        """Count one run."""
        self.runs += 1
        self.texts += result.texts
        self.faults += result.faults
        self.virtual_seconds += result.virtual_seconds
        if result.kinds:
            self.failing.append(result)
            self.kinds.update(result.kinds)

    def left_out(self) -> int | None:
        """How many of the requested runs are not in this result; None if no number was requested."""
        return None if self.requested is None else self.requested - self.runs

    def as_json(self) -> dict[str, Any]:
        """The document of `simulate --json`, without the files that are saved."""
        counted = ("lost", "duplicated", "wrong-state")
        return {
            "runs": self.runs,
            "seed": self.seed,
            "subject": self.subject,
            "texts": self.texts,
            "faults": self.faults,
            "lost": self.kinds["lost"],
            "duplicated": self.kinds["duplicated"],
            "wrong_state": self.kinds["wrong-state"],
            "other": sum(count for kind, count in self.kinds.items() if kind not in counted),
            "violations": [
                {"seed": result.seed, "what": list(result.sentences[:5]), "count": len(result.sentences)}
                for result in self.failing
            ],
            "failing_seeds": [result.seed for result in self.failing],
            "stopped_at_first": self.stopped_at_first,
            "left_out": self.left_out(),
            "virtual_seconds": round(self.virtual_seconds, 3),
            "wall_seconds": round(self.wall_seconds, 3),
        }


class SeedOrder:
    """Puts results into the order of the seeds, whichever worker returns first."""

    def __init__(self, first: int) -> None:
        self._next = first
        self._early: dict[int, SeedResult] = {}

    def release(self, results: Iterable[SeedResult]) -> Iterator[SeedResult]:
        """Take the results of a batch. Yields all results whose turn has come; the others wait for earlier seeds."""
        self._early.update((result.seed, result) for result in results)
        while self._next in self._early:
            yield self._early.pop(self._next)
            self._next += 1

    def failing(self) -> bool:
        """Whether a result that waits is a failing one."""
        return any(result.kinds for result in self._early.values())
