"""Does anything slow down, pile up or grow while texts are sent? The beginning and the end of a run, compared."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median_high

from loadtests.gates import percentile, samples_needed
from loadtests.results import RequestSample, Watched

PART = 0.2
"""The share of a run that is its beginning, or its end."""
FEWEST = 20
"""Looks without which there is nothing to compare."""


def growth(looks: Sequence[Watched], requests: Sequence[RequestSample]) -> list[str]:
    """Sentences for people: memory of each process, answers and queues at the beginning and at the end."""
    if len(looks) < FEWEST:
        return []
    part = max(1, int(len(looks) * PART))
    first, last = looks[:part], looks[-part:]
    memory = [
        f"{name} {median_high([one.memory_mb[name] for one in first]):.0f} to "
        f"{median_high([one.memory_mb[name] for one in last]):.0f} MB"
        for name in looks[0].memory_mb
    ]
    found = [f"memory from the first to the last fifth: {', '.join(memory)}"]
    answered = sorted((one for one in requests if not one.driver), key=lambda one: one.at)
    share = int(len(answered) * PART)
    if share >= samples_needed(0.95):
        before, after = (percentile([one.ms for one in some], 0.95) for some in (answered[:share], answered[-share:]))
        found.append(f"answers from the first to the last fifth: p95 {before:.0f} to {after:.0f} ms")
    waiting = [median_high([one.waiting_in + one.waiting_out for one in some]) for some in (first, last)]
    return [*found, f"texts on their way from the first to the last fifth: {waiting[0]:.0f} to {waiting[1]:.0f}"]
