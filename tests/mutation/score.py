"""The score of a run: how many mutants of each module the tests noticed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

LEAST = 90.0
"""Per cent of all mutants that must be noticed."""
NOTICED = frozenset({"killed", "timeout", "segfault"})
"""mutmut's words for mutants with which a test failed, did not end, or crashed."""
MISSED = frozenset({"survived", "no tests"})
RESULT = re.compile(r"^ +(?P<module>[\w.]+)\.x\S+: (?P<status>[a-z ]+)$", re.MULTILINE)


class UnfinishedRun(Exception):
    """Some mutants were not tested, or mutmut says something that is not known here."""


class Score(NamedTuple):
    """How many mutants were noticed, of how many."""

    noticed: int
    mutants: int

    @property
    def percent(self) -> float:
        """Noticed mutants of a hundred."""
        return 100 * self.noticed / self.mutants

    def __str__(self) -> str:
        return f"{self.noticed:5} of {self.mutants:5}  {self.percent:5.1f} %"


def statuses(results: str) -> dict[str, str]:
    """mutmut's word for each mutant by its name, from `mutmut results --all true`."""
    found = {line[0].strip().removesuffix(f": {line['status']}"): line["status"] for line in RESULT.finditer(results)}
    strange = sorted(set(found.values()) - NOTICED - MISSED)
    if strange or not found:
        raise UnfinishedRun(f"mutants that were not tested to the end: {', '.join(strange) or 'all'}")
    return found


def survivors(by_name: Mapping[str, str]) -> list[str]:
    """The names of the mutants that no test noticed."""
    return [name for name, status in by_name.items() if status in MISSED]


def by_module(by_name: Mapping[str, str]) -> dict[str, Score]:
    """The score of each module."""
    noticed = Counter(_module(name) for name, status in by_name.items() if status in NOTICED)
    return {module: Score(noticed[module], count) for module, count in Counter(map(_module, by_name)).items()}


def total(scores: Iterable[Score]) -> Score:
    """The score of all modules together."""
    counted = list(scores)
    return Score(sum(one.noticed for one in counted), sum(one.mutants for one in counted))


def _module(name: str) -> str:
    return name.rsplit(".", 1)[0]
