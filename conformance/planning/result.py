"""What came of a plan: the times of one subject's texts, its requests, and what was wrong; and the best possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.checks import Violation
from conformance.planning.best import best_requests, best_times, smallest_quota
from conformance.planning.question import HOUR, Question, Span, shown_time


@dataclass(frozen=True, slots=True)
class Planned:
    """What one subject did. `out` is when each text was out, in seconds after all became due, in order of time."""

    subject: str
    out: Sequence[float]
    requests: Mapping[str, int]
    """Requests to RapidPro by kind."""
    cht_requests: int
    throttled: Sequence[Span]
    violations: Sequence[Violation]
    unjudged: int
    """How many texts are not judged one by one: RapidPro never got them, and all have the same cause."""
    virtual_seconds: float
    wall_seconds: float = field(compare=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """The question, the answers of all subjects, and what any relay could reach.

    `quota` is what RapidPro allows in an hour for sending: that of the question, or of its version.
    """

    question: Question
    quota: int
    best: Sequence[float]
    planned: Sequence[Planned]

    @classmethod
    def of(cls, question: Question, quota: int, planned: Sequence[Planned]) -> Plan:
        """The plan with the best possible."""
        best = best_times(question.texts, quota, HOUR, question.tps, question.outages)
        return cls(question, quota, best, planned)

    def in_time(self, out: Sequence[float]) -> bool:
        """Whether all texts are out, and none later than it has to be."""
        return len(out) >= self.question.texts and (self.question.by is None or out[-1] <= self.question.by)

    def good(self) -> bool:
        """Whether every subject has all texts out in time, with nothing wrong."""
        return all(self.in_time(one.out) and not one.violations for one in self.planned)

    def quota_needed(self) -> int | None:
        """The smallest quota under which the texts can be out in time, if it is the quota that prevents it."""
        question = self.question
        if question.by is None or self.in_time(self.best):
            return None
        return smallest_quota(question.texts, question.by, HOUR, question.tps, question.outages)

    def as_json(self) -> dict[str, Any]:
        """All figures; times in seconds after the texts became due, and as times of day."""
        question = self.question
        return {
            "texts": question.texts,
            "quota": self.quota,
            "start": shown_time(0, question.start),
            "by": None if question.by is None else shown_time(question.by, question.start),
            "tps": question.tps,
            "profile": question.profile,
            "outages": [{"service": one.service, "from": one.begins, "to": one.ends} for one in question.outages],
            "best": {**self._times(self.best), "requests": best_requests(question.texts)},
            "quota_needed": self.quota_needed(),
            "subjects": [self._subject(one) for one in self.planned],
        }

    def _subject(self, one: Planned) -> dict[str, Any]:
        return {
            "name": one.subject,
            **self._times(one.out),
            "out": len(one.out),
            "later_than_best_percent": self.later_than_best(one),
            "in_time": self.in_time(one.out),
            "requests": dict(one.requests),
            "requests_a_text": round(sum(one.requests.values()) / self.question.texts, 4),
            "cht_requests": one.cht_requests,
            "throttled": [list(span) for span in one.throttled],
            "violations": [
                {"kind": kind, "count": len(wrong), "first": wrong[0].sentence}
                for kind, wrong in by_kind(one.violations).items()
            ],
            "unjudged": one.unjudged,
            "virtual_seconds": one.virtual_seconds,
            "wall_seconds": round(one.wall_seconds, 2),
        }

    def later_than_best(self, one: Planned) -> float | None:
        """By how many per cent the last text is later than it could be; None if texts are not out."""
        if len(one.out) < self.question.texts:
            return None
        best = max(self.best[-1], 1.0)  # a few texts are out at once: then seconds are no per cent
        return round((one.out[-1] - self.best[-1]) / best * 100, 2)

    def _times(self, out: Sequence[float]) -> dict[str, Any]:
        moments = milestones(out, self.question.texts)
        return {
            name: None if at is None else {"seconds": round(at, 3), "time": shown_time(at, self.question.start)}
            for name, at in moments.items()
        }


def by_kind(violations: Sequence[Violation]) -> Mapping[str, Sequence[Violation]]:
    """The violations by their kind: thousands may be of one kind, such as calls in spite of a 429."""
    found: dict[str, list[Violation]] = {}
    for one in violations:
        found.setdefault(one.kind, []).append(one)
    return found


def milestones(out: Sequence[float], texts: int) -> Mapping[str, float | None]:
    """When the first, half of the texts, and the last one are out; None if it never comes so far."""
    places = {"first": 1, "half": (texts + 1) // 2, "last": texts}
    return {name: out[place - 1] if len(out) >= place else None for name, place in places.items()}
