"""The report of a run, by scenario and by requirement: as `report.json` and as a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.evidence.model import Evidence
from conformance.reports.fields import Fields, ForeignReport
from conformance.reports.format import SCHEMA, VERSION, check_version
from conformance.reports.run_info import RunInfo
from conformance.requirements.catalogue import Level, Requirement
from conformance.verdicts import Verdict, combine, exit_status

STYLE = {Verdict.PASSED: "green", Verdict.FAILED: "bold red", Verdict.UNKNOWN: "yellow", Verdict.BROKEN: "magenta"}


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """The result of one scenario. `reason`: why it did not pass, or empty; `repeat`: the command to rerun it.

    With `elsewhere` it is no scenario of the requirement, but what its checks of conduct saw in other scenarios, which
    `seen_in` names.
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
    seen_in: tuple[str, ...] = ()

    def as_json(self, number: int) -> dict[str, Any]:
        """The shape in `report.json`; `number`: the how-manieth result of the run it is, from 1."""
        return {
            "name": self.name,
            "verdict": self.verdict.value,
            "seconds": round(self.seconds, 3),
            "reason": self.reason,
            "repeat": self.repeat,
            "number": number,
            "requirements": list(self.requirements),
            "feature": self.feature,
            "started": self.started,
            "elsewhere": self.elsewhere,
            "seen_in": list(self.seen_in),
            "evidence": None if self.evidence is None else self.evidence.as_json(),
        }

    @classmethod
    def from_json(cls, fields: Fields) -> ScenarioResult:
        """Read from a report. ForeignReport if a key is missing or of another kind."""
        return cls(
            fields.text("name"),
            fields.texts("requirements"),
            fields.word("verdict", Verdict),
            fields.number("seconds"),
            fields.text("reason"),
            fields.text("repeat"),
            fields.flag("elsewhere"),
            fields.text("feature"),
            fields.text("started"),
            None if fields.any("evidence") is None else _evidence(fields),
            fields.texts("seen_in"),
        )


def _evidence(fields: Fields) -> Evidence:
    try:
        return Evidence.from_json(fields.mapping("evidence"))
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ForeignReport(
            f"{fields.where}.evidence has another shape than this harness writes ({type(problem).__name__}: {problem})"
        ) from None


@dataclass
class Report:
    """The results of a run for one subject."""

    subject: dict[str, Any]
    profile: str
    requirements: Sequence[Requirement]
    results: list[ScenarioResult] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """What went wrong outside the scenarios: the harness's own faults."""
    ended_early: str = ""
    """Why not all scenarios were judged, such as "interrupted"; those that were not are unknown."""
    run: RunInfo = field(default_factory=RunInfo)
    elapsed: float | None = None
    """Real seconds of the whole run. Scenarios that are played at the same time take longer in sum."""

    @property
    def name(self) -> str:
        """The subject's name."""
        return str(self.subject.get("name", "subject"))

    def requirement(self, id_: str) -> Requirement | None:
        """The requirement with this id as the run knew it; None if it was not judged."""
        return next((one for one in self.requirements if one.id == id_), None)

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
        """0: all good; 1: the subject failed (with `strict`: or is unknown); 2: nothing could be judged, the harness
        broke, or the run ended early and nothing has failed."""
        verdicts = self.verdicts()
        if self.ended_early and Verdict.FAILED not in verdicts:
            return 2
        return exit_status(verdicts, strict=strict)

    def as_json(self) -> dict[str, Any]:
        """The shape of `report.json`."""
        return {
            "$schema": SCHEMA,
            "version": VERSION,
            **self.run.as_json(),
            "subject": self.subject,
            "profile": self.profile,
            "totals": self.totals(),
            "broken": self.broken,
            "ended_early": self.ended_early or None,
            "elapsed": self.elapsed,
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
                result.as_json(number)
                for number, result in enumerate(self.results, 1)
                if requirement.id in result.requirements
            ],
        }

    @classmethod
    def from_json(cls, document: Any) -> Report:
        """Read what `as_json` wrote. ForeignReport says what is wrong with anything else."""
        fields = Fields(document, "report")
        check_version(fields)
        requirements = [
            Requirement(one.text("id"), one.word("level", Level), one.text("sentence"), one.text("source"))
            for one in fields.objects("requirements")
        ]
        results = {
            scenario.whole("number"): ScenarioResult.from_json(scenario)
            for one in fields.objects("requirements")
            for scenario in one.objects("scenarios")
        }
        return cls(
            fields.mapping("subject"),
            fields.text("profile"),
            tuple(requirements),
            [results[number] for number in sorted(results)],
            list(fields.texts("broken")),
            "" if fields.any("ended_early") is None else fields.text("ended_early"),
            RunInfo.from_json(fields),
            fields.number("elapsed") if document.get("elapsed") is not None else None,
        )
