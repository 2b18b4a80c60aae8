"""The report of a run, by scenario and by requirement: as `report.json` and as a table for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.evidence.model import Evidence
from conformance.requirements.catalogue import Requirement
from conformance.verdicts import Verdict, combine, exit_status

STYLE = {Verdict.PASSED: "green", Verdict.FAILED: "bold red", Verdict.UNKNOWN: "yellow", Verdict.BROKEN: "magenta"}


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """The result of one scenario. `reason`: why it did not pass, or empty; `repeat`: the command to rerun it.

    With `elsewhere` it is no scenario of the requirement, but what its checks of conduct saw in any scenario.
    `feature` is the name of its feature, `started` the ISO time at which it began, in real time.
    """

    name: str
    requirements: tuple[str, ...]
    verdict: Verdict
    seconds: float
    reason: str = ""
    repeat: str = ""
    elsewhere: bool = False
    feature: str = ""
    started: str = ""
    evidence: Evidence | None = None


@dataclass
class Report:
    """The results of a run for one subject."""

    subject: dict[str, Any]
    profile: str
    requirements: Sequence[Requirement]
    results: list[ScenarioResult] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """What went wrong outside the scenarios: the harness's own faults."""

    def of(self, requirement: Requirement) -> list[ScenarioResult]:
        """All results about a requirement."""
        return [result for result in self.results if requirement.id in result.requirements]

    def scenarios(self, requirement: Requirement) -> list[ScenarioResult]:
        """The results of the scenarios that judge a requirement."""
        return [result for result in self.of(requirement) if not result.elsewhere]

    def verdict(self, requirement: Requirement) -> Verdict:
        """The combined verdict of a requirement's scenarios."""
        return combine(result.verdict for result in self.of(requirement))

    def judged(self, requirement: Requirement) -> int:
        """How many of a requirement's scenarios said something about the subject: they passed or failed."""
        return sum(result.verdict in (Verdict.PASSED, Verdict.FAILED) for result in self.scenarios(requirement))

    def partly(self, requirement: Requirement) -> bool:
        """Whether only some of a requirement's scenarios were judged."""
        return 0 < self.judged(requirement) < len(self.scenarios(requirement))

    def shown(self, requirement: Requirement) -> str:
        """A requirement's verdict with rich's markup, and how many scenarios were judged if not all were."""
        verdict = self.verdict(requirement)
        partly = (
            f" ({self.judged(requirement)} of {len(self.scenarios(requirement))})" if self.partly(requirement) else ""
        )
        return f"[{STYLE[verdict]}]{verdict.value}[/]{partly}"

    def totals(self) -> dict[str, int]:
        """How many requirements have each verdict."""
        verdicts = [self.verdict(requirement) for requirement in self.requirements]
        return {verdict.value: verdicts.count(verdict) for verdict in Verdict}

    def totals_shown(self) -> str:
        """The totals for people, with the number of requirements that were judged only partly."""
        partly = sum(map(self.partly, self.requirements))
        counts = [f"{count} {name}" for name, count in self.totals().items() if count]
        return ", ".join(counts) + (f" ({partly} partly judged)" if partly else "")

    def verdicts(self) -> list[Verdict]:
        """The verdicts of all scenarios, and one for everything that broke outside them."""
        return [*(result.verdict for result in self.results), *(Verdict.BROKEN for _ in self.broken)]

    def exit_status(self, *, strict: bool = False) -> int:
        """0: all good; 1: the subject failed (with `strict`: or is unknown); 2: nothing could be judged, or the harness
        broke."""
        return exit_status(self.verdicts(), strict=strict)

    def as_json(self) -> dict[str, Any]:
        """The shape of `report.json`."""
        return {
            "subject": self.subject,
            "profile": self.profile,
            "totals": self.totals(),
            "broken": self.broken,
            "requirements": [self._requirement_json(requirement) for requirement in self.requirements],
        }

    def _requirement_json(self, requirement: Requirement) -> dict[str, Any]:
        return {
            "id": requirement.id,
            "level": requirement.level.value,
            "sentence": requirement.sentence,
            "source": requirement.source,
            "verdict": self.verdict(requirement).value,
            "judged": self.judged(requirement),
            "of": len(self.scenarios(requirement)),
            "scenarios": [
                {
                    "name": result.name,
                    "verdict": result.verdict.value,
                    "seconds": round(result.seconds, 3),
                    "reason": result.reason,
                    "repeat": result.repeat,
                }
                for result in self.of(requirement)
            ],
        }

    def write(self, directory: Path) -> Path:
        """Write `report.json` into `directory`, which is created if needed."""
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / "report.json"
        path.write_text(json.dumps(self.as_json(), indent=2, ensure_ascii=False) + "\n", "utf-8")
        return path
