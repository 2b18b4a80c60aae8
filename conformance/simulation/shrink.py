"""Shrinks a failing schedule as far as it still fails: first fewer events, then simpler ones.

Delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from conformance.simulation.schedule import TEXTS, Event, Schedule

Fails = Callable[[Schedule], bool]
TRIES = 400


class Budget:
    """How many more runs the shrinking may take."""

    def __init__(self, fails: Fails, tries: int) -> None:
        self._fails = fails
        self.left = tries

    def still_fails(self, schedule: Schedule) -> bool:
        """Run a candidate; False once the budget is used up."""
        if self.left <= 0:
            return False
        self.left -= 1
        return self._fails(schedule)


def shrink(schedule: Schedule, fails: Fails, tries: int = TRIES) -> Schedule:
    """The smallest failing schedule found within `tries` runs. `schedule` itself must fail."""
    budget = Budget(fails, tries)
    smallest = _fewer(schedule, budget, lambda event: event.kind in TEXTS)
    smallest = _fewer(smallest, budget, lambda event: event.kind not in TEXTS)
    smallest = _fewer(smallest, budget, lambda _event: True)
    return _simpler(smallest, budget)


def _fewer(schedule: Schedule, budget: Budget, removable: Callable[[Event], bool]) -> Schedule:
    """Remove as many of the removable events as possible, in ever smaller pieces."""
    kept = list(schedule.events)
    size = max(1, sum(map(removable, kept)))
    while size >= 1 and budget.left > 0:
        candidates = [event for event in kept if removable(event)]
        removed = False
        for start in range(0, len(candidates), size):
            piece = candidates[start : start + size]
            smaller = [event for event in kept if not any(event is one for one in piece)]
            if len(smaller) < len(kept) and budget.still_fails(schedule.with_events(smaller)):
                kept, removed = smaller, True
        size = size // 2 if not removed or size > len(kept) else size
    return schedule.with_events(kept)


def _simpler(schedule: Schedule, budget: Budget) -> Schedule:
    """Simplify each event: plainer text, a fault once instead of several times."""
    events = list(schedule.events)
    for position, event in enumerate(events):
        for plainer in _plainer(event):
            candidate = [*events[:position], plainer, *events[position + 1 :]]
            if budget.still_fails(schedule.with_events(candidate)):
                events = candidate
                break
    return schedule.with_events(events)


def _plainer(event: Event) -> Sequence[Event]:
    if event.kind in TEXTS and event.fields["text"] != "hello":
        return [replace(event, fields={**event.fields, "text": "hello"})]
    if event.kind == "fault" and event.fields["fault"].get("times") not in (1, None):
        return [replace(event, fields={"fault": {**event.fields["fault"], "times": 1}})]
    return []
