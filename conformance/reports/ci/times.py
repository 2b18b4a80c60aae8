"""When results began and ended, in real time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from conformance.reports.report import Report, ScenarioResult

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(words: str) -> datetime | None:
    """The moment of an ISO time, in UTC if it names no zone; None if it is none."""
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def began(report: Report, result: ScenarioResult | None = None) -> datetime:
    """When a result began, or the run; 1970 if nobody knows."""
    words = ("" if result is None else result.started, report.run.created)
    return next((found for found in map(moment, words) if found is not None), EPOCH)


def milliseconds(when: datetime) -> int:
    """Since 1970."""
    return round((when - EPOCH).total_seconds() * 1000)


def by_feature(report: Report) -> dict[str, list[ScenarioResult]]:
    """The results by the name of their feature; conduct apart."""
    found: dict[str, list[ScenarioResult]] = {}
    for result in report.results:
        found.setdefault(feature_of(result), []).append(result)
    return found


def feature_of(result: ScenarioResult) -> str:
    """The name of a result's feature, or what stands for it."""
    return "Conduct in all scenarios" if result.elsewhere else result.feature or "Scenarios"


def total(results: Iterable[ScenarioResult]) -> float:
    """Seconds of all results."""
    return sum(result.seconds for result in results)
