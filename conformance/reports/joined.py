"""Several runs as one matrix, of different subjects or days, and what changed between runs of the same subject."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from conformance.reports.ci.times import began
from conformance.reports.report import Report
from conformance.requirements.catalogue import Requirement
from conformance.verdicts import Verdict, exit_status


@dataclass(frozen=True, slots=True)
class Change:
    """A requirement whose verdict differs from the earlier run of the same subject.

    No `before`: the earlier run did not know the requirement; no `after`: the later one does not. `scenarios` names
    those that did not pass and did so before, or that are new.
    """

    subject: str
    requirement: str
    before: Verdict | None
    after: Verdict | None
    scenarios: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """The change in two words."""
        if self.before is None:
            return "new requirement"
        return "requirement removed" if self.after is None else f"newly {self.after}"

    def as_json(self) -> dict[str, Any]:
        return {
            "subject": self.subject,
            "requirement": self.requirement,
            "what": self.what,
            "before": self.before,
            "after": self.after,
            "scenarios": list(self.scenarios),
        }

    def __str__(self) -> str:
        verdict = f" ({self.after})" if self.before is None else ""
        names = f": {', '.join(self.scenarios)}" if self.scenarios else ""
        return f"{self.subject}: {self.requirement} {self.what}{verdict}{names}"


class Joined:
    """The runs in the order of time; the requirements of all, as the newest run words them."""

    def __init__(self, reports: Sequence[Report]) -> None:
        if not reports:
            raise ValueError("there must be at least one report to show")
        self.reports: Sequence[Report] = sorted(reports, key=began)

    @cached_property
    def requirements(self) -> Sequence[Requirement]:
        """All requirements, in the order of the newest run; those that only older runs have come last."""
        found: dict[str, Requirement] = {}
        for report in reversed(self.reports):
            for requirement in report.requirements:
                found.setdefault(requirement.id, requirement)
        return tuple(found.values())

    @cached_property
    def labels(self) -> Sequence[str]:
        """A heading for each run that no other has: the subject's name; with the profile and the time where needed."""
        names = [report.name for report in self.reports]
        runs = [(one.profile, one.run.created[:10], one.run.created[11:19]) for one in self.reports]
        for more in range(3):
            names = [
                f"{name} {run[more]}".rstrip() if names.count(name) > 1 else name
                for name, run in zip(names, runs, strict=True)
            ]
        return tuple(
            f"{name} ({names[: n + 1].count(name)})" if names.count(name) > 1 else name for n, name in enumerate(names)
        )

    @cached_property
    def changes(self) -> Sequence[Change]:
        """What changed from each run to the next one of the same subject."""
        return tuple(
            change for runs in self._by_subject() for run in range(1, len(runs)) for change in _changes(runs[: run + 1])
        )

    def verdict(self, report: Report, requirement: Requirement) -> Verdict | None:
        """The verdict of one cell; None if that run did not judge the requirement."""
        own = report.requirement(requirement.id)
        return None if own is None else report.verdict(own)

    def exit_status(self, *, strict: bool = False) -> int:
        """As by the newest run of each subject. 0: all good; 1: one failed; 2: nothing judged, or the harness broke."""
        newest = [runs[-1] for runs in self._by_subject()]
        verdicts = [verdict for report in newest for verdict in report.verdicts()]
        if any(report.ended_early for report in newest) and Verdict.FAILED not in verdicts:
            return 2
        return exit_status(verdicts, strict=strict)

    def as_json(self) -> dict[str, Any]:
        """The matrix, what changed, and the reports."""
        return {
            "runs": [
                {"label": label, "subject": report.name, "profile": report.profile, "created": report.run.created}
                for label, report in zip(self.labels, self.reports, strict=True)
            ],
            "requirements": [
                {
                    "id": requirement.id,
                    "level": requirement.level,
                    "verdicts": [self.verdict(report, requirement) for report in self.reports],
                }
                for requirement in self.requirements
            ],
            "changes": [change.as_json() for change in self.changes],
        }

    def _by_subject(self) -> list[list[Report]]:
        found: dict[object, list[Report]] = {}
        for report in self.reports:
            found.setdefault(_identity(report), []).append(report)
        return list(found.values())


def _identity(report: Report) -> object:
    """What makes two runs comparable. The port of a started relay may differ from run to run, its command does not."""
    subject = report.subject
    return report.name, subject.get("kind"), subject.get("command") or subject.get("url"), report.profile


def _changes(runs: Sequence[Report]) -> Iterator[Change]:
    """From the earlier runs to the last. A run of a selection says nothing about the requirements it left out."""
    *earlier, last = runs
    ids = dict.fromkeys(one.id for report in (last, *reversed(earlier)) for one in report.requirements)
    for id_ in ids:
        own = last.requirement(id_)
        known = next((run for run in reversed(earlier) if run.requirement(id_) or not run.run.partial), None)
        if known is None or (own is None and last.run.partial):
            continue
        old = known.requirement(id_)
        before = None if old is None else known.verdict(old)
        after = None if own is None else last.verdict(own)
        if before is not after:
            yield Change(last.name, id_, before, after, _turned(known, old, last, own))


def _turned(known: Report, old: Requirement | None, last: Report, own: Requirement | None) -> tuple[str, ...]:
    """The scenarios that do not pass now, and passed before or were not there."""
    if own is None or last.verdict(own) not in (Verdict.FAILED, Verdict.BROKEN):
        return ()
    bad = (Verdict.FAILED, Verdict.BROKEN)
    was_bad = set() if old is None else {one.name for one in known.of(old) if one.verdict in bad}
    return tuple(one.name for one in last.of(own) if one.verdict in bad and one.name not in was_bad)
