"""What a load run must fulfil: requests were made, nothing is wrong, nothing is left, and the limits are kept."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from conformance.checks import Violation
from conformance.verdicts import Verdict

SHOWN = 20
"""So many violations are shown one by one."""
ABOVE = 5
"""So many samples must lie above a percentile: of fewer, one slow answer decides."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Measurements of a run.

    `requests` counts all requests of the load generator, `driver_requests` those that only drove the fakes: the subject
    did not answer them. `failures` and `..._ms` are about the others alone; times are counted from the intended start.
    They are None without samples, and in virtual time. `to_phone_...` are seconds from pending in CHT to the phone, and
    `texts_out_per_second` is from the first due to the last on its phone. `texts_per_second` is of both directions,
    over the whole run. `time` is "real" or "virtual"; `seconds` and rates are in that time.
    """

    shape: str
    time: str
    requests: int
    failures: int
    driver_requests: int
    driver_failures: int
    texts_in: int
    texts_out: int
    lost: int
    duplicated: int
    violations: int
    not_drained: int
    texts_per_second: float
    texts_out_per_second: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    to_phone_p50_s: float | None
    to_phone_p95_s: float | None
    calls_per_text: float
    seconds: float
    highest_rate: float | None = None
    """Of a ramp: the highest rate without growing queues, in texts a second each way. None if the first was too much,
    or for other shapes."""

    @property
    def answered(self) -> int:
        """Requests that the subject had to answer."""
        return self.requests - self.driver_requests

    def as_json(self, verdict: Verdict, reasons: Sequence[str]) -> dict[str, Any]:
        """The document of `load --json`."""
        return {**asdict(self), "verdict": verdict.value, "reasons": list(reasons)}


AT_LEAST = ("texts_per_second", "texts_out_per_second", "highest_rate")
"""Limits that a figure must reach; it must not exceed the others."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the figures must not exceed, or if they are in AT_LEAST must reach. None: no limit."""

    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    to_phone_p95_s: float | None = None
    texts_per_second: float | None = None
    texts_out_per_second: float | None = None
    highest_rate: float | None = None


def verdict(
    figures: Figures,
    violations: Sequence[Violation],
    limits: Limits,
    not_drained: Mapping[str, int],
    further: Sequence[str] = (),
) -> tuple[Verdict, list[str]]:
    """The verdict and why. `further` are reasons of the shape's own for which the run has failed.

    Broken if nothing was measured or the fakes refused something; unknown if there are too few samples for a limit.
    """
    if figures.requests == 0 or figures.texts_in + figures.texts_out == 0:
        return Verdict.BROKEN, ["no request was made: nothing was tested"]
    failed = [*_wrong(figures, violations, not_drained), *further]
    exceeded, unknown = _compared(figures, limits)
    failed += exceeded
    broken = []
    if figures.driver_failures:
        broken = [f"{figures.driver_failures} of {figures.driver_requests} requests to the fakes failed"]
    reasons = [*failed, *broken, *unknown]
    if failed:
        return Verdict.FAILED, reasons
    if broken:
        return Verdict.BROKEN, reasons
    return (Verdict.UNKNOWN if unknown else Verdict.PASSED), reasons


def _wrong(figures: Figures, violations: Sequence[Violation], not_drained: Mapping[str, int]) -> Iterator[str]:
    if figures.failures:
        yield f"{figures.failures} of {figures.answered} requests that the relay had to answer failed"
    if not_drained:
        left = ", ".join(f"{count} {where}" for where, count in not_drained.items())
        yield f"not done by the time limit: {left}"
    yield from (str(violation) for violation in violations[:SHOWN])
    if len(violations) > SHOWN:
        yield f"and {len(violations) - SHOWN} more violations"


def _compared(figures: Figures, limits: Limits) -> tuple[list[str], list[str]]:
    """Which limits are exceeded, and which cannot be judged."""
    exceeded, unknown = [], []
    percentiles = (
        ("p50_ms", 0.5, figures.answered, "ms", "requests that the relay answered"),
        ("p95_ms", 0.95, figures.answered, "ms", "requests that the relay answered"),
        ("p99_ms", 0.99, figures.answered, "ms", "requests that the relay answered"),
        ("to_phone_p95_s", 0.95, figures.texts_out, "s", "texts from CHT"),
    )
    for name, share, samples, unit, of in percentiles:
        limit, value, needed = getattr(limits, name), getattr(figures, name), samples_needed(share)
        if limit is None:
            continue
        if value is None or samples < needed:
            unknown.append(f"{name} cannot be judged: it needs {needed} {of}, there were {samples}")
        elif value > limit:
            exceeded.append(f"{name} is {value:.4g} {unit}, the limit is {limit:g} {unit}")
    for name in AT_LEAST:
        least, rate = getattr(limits, name), getattr(figures, name)
        if least is not None and rate is None and name != "highest_rate":
            unknown.append(f"{name} cannot be judged: no text from CHT is on a phone")
        elif least is not None and (rate is None or rate < least):
            shown = "not even that of the first step" if rate is None else f"{rate:.4g}"
            exceeded.append(f"{name} is {shown}, at least {least:g} is wanted")
    return exceeded, unknown


def samples_needed(share: float) -> int:
    """The fewest samples of which this percentile (a share from 0 to 1) says anything."""
    return math.ceil(round(ABOVE / (1 - share), 6))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0..1) of all values do not exceed; 0 if there are no values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
