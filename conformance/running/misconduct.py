"""What checks of conduct found in all scenarios, gathered by the requirement that each check belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from conformance.checks import Violation
from conformance.evidence.model import Evidence
from conformance.reports.report import ScenarioResult
from conformance.requirements.catalogue import Requirement
from conformance.verdicts import Verdict

SHOWN = 5
"""How many violations a reason shows for each requirement."""


class Misconduct:
    """Collects violations by requirement; each requirement with any gets one failed result at the end."""

    def __init__(self, requirements: Sequence[Requirement]) -> None:
        self._owner = {check: requirement.id for requirement in requirements for check in requirement.checks}
        self._found: dict[str, list[tuple[str, tuple[str, ...], Violation]]] = {}
        self._evidence: dict[str, Evidence] = {}

    def add(
        self,
        scenario: str,
        ids: tuple[str, ...],
        violations: Iterable[Violation],
        evidence: Callable[[Sequence[Violation]], Evidence],
    ) -> None:
        """Keep what was found in a scenario that judges the requirements `ids`. What belongs to no judged requirement
        is left out. `evidence` is asked for in the first scenario for each requirement."""
        by_owner: dict[str, list[Violation]] = {}
        for violation in violations:
            owner = self._owner.get(violation.check)
            if owner is not None:
                by_owner.setdefault(owner, []).append(violation)
        for owner, found in by_owner.items():
            if owner not in self._evidence:
                self._evidence[owner] = evidence(found)
            self._found.setdefault(owner, []).extend((scenario, ids, violation) for violation in found)

    def results(self, repeat: Callable[[tuple[str, ...]], str]) -> list[ScenarioResult]:
        """A failed result for each requirement against which the subject offended."""
        return [self._result(id_, repeat) for id_ in self._found]

    def _result(self, id_: str, repeat: Callable[[tuple[str, ...]], str]) -> ScenarioResult:
        found = self._found[id_]
        first, ids, _ = found[0]
        scenarios = tuple(dict.fromkeys(name for name, _, _ in found))
        others = len(scenarios) - 1
        counted = Counter(f"{violation} (in: {name})" for name, _, violation in found)
        shown = list(counted.items())[:SHOWN]
        sentences = [sentence if times == 1 else f"{sentence}, {times} times" for sentence, times in shown]
        more = len(found) - sum(times for _, times in shown)
        if more:
            sentences.append(f"and {more} more")
        name = f"seen in: {first}" + (f", and in {others} other scenarios" if others else "")
        together = tuple(dict.fromkeys((*ids, id_)))
        return ScenarioResult(
            name,
            (id_,),
            Verdict.FAILED,
            0.0,
            "\n".join(sentences),
            repeat(together),
            elsewhere=True,
            evidence=self._evidence[id_],
            seen_in=scenarios,
        )
