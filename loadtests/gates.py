"""The gates that a load run must pass: there were requests, none failed, no violation, answers were fast enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from conformance.checks import Violation
from conformance.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Figures:
    """Measurements by Locust and from the ledger; `..._ms` are request times as the caller saw them."""

    shape: str
    requests: int
    failures: int
    texts_in: int
    texts_out: int
    lost: int
    duplicated: int
    violations: int
    texts_per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    to_phone_p50_s: float
    to_phone_p95_s: float
    calls_per_text: float
    seconds: float

    def as_json(self, verdict: Verdict, reasons: Sequence[str]) -> dict[str, Any]:
        """The document of `load --json`."""
        return {**asdict(self), "verdict": verdict.value, "reasons": list(reasons)}


def verdict(
    figures: Figures, violations: Sequence[Violation], p95_limit_ms: float | None = None
) -> tuple[Verdict, list[str]]:
    """Passed or failed, and why; broken if nothing was measured."""
    if figures.requests == 0 or figures.texts_in + figures.texts_out == 0:
        return Verdict.BROKEN, ["no request was made: nothing was tested"]
    reasons = []
    if figures.failures:
        reasons.append(f"{figures.failures} of {figures.requests} requests failed")
    reasons += [str(violation) for violation in violations[:20]]
    if len(violations) > 20:
        reasons.append(f"and {len(violations) - 20} more violations")
    if p95_limit_ms is not None and figures.p95_ms > p95_limit_ms:
        reasons.append(f"95 of 100 requests took up to {figures.p95_ms:.0f} ms, the limit is {p95_limit_ms:.0f} ms")
    return (Verdict.FAILED if reasons else Verdict.PASSED), reasons


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0..1) of all values do not exceed; 0 if there are no values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
