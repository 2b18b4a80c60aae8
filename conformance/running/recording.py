"""Records the scenario that runs: its steps with their outcomes and times, and the evidence if it fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from pytest_bdd.parser import Scenario
from pytest_bdd.parser import Step as GherkinStep

from conformance.evidence.entries import Ref
from conformance.evidence.model import Evidence, Step, StepOutcome
from conformance.verdicts import HarnessBroken, Untestable
from conformance.world.evidence import gather
from conformance.world.world import World
from fakes.clock import SystemClock


class Recording:
    """The hooks of pytest-bdd; one scenario at a time. `verbose`: evidence is gathered in full."""

    def __init__(self, *, verbose: bool = False, now: Callable[[], datetime] | None = None) -> None:
        self.verbose = verbose
        self._now = now or SystemClock().now
        self._planned: Sequence[GherkinStep] = ()
        self._done: list[Step] = []
        self._began = 0.0
        self.started = ""
        """When the scenario began, in real time, as ISO text."""
        self.evidence = Evidence()
        """What was gathered in this scenario, without its steps."""

    def begin_recording(self) -> None:
        """A scenario begins."""
        self._planned, self._done, self.evidence = (), [], Evidence()
        self.started = self._now().isoformat(timespec="milliseconds")

    def steps(self) -> tuple[Step, ...]:
        """All steps of the scenario, those that were not run too."""
        left = self._planned[len(self._done) :]
        return (*self._done, *(Step(one.keyword, one.name, StepOutcome.NOT_RUN) for one in left))

    def with_steps(self, evidence: Evidence) -> Evidence:
        """The evidence with the steps as they are now."""
        return replace(evidence, steps=self.steps())

    def keep_evidence(self, world: World | None, rests_on: Iterable[Ref] = ()) -> None:
        """Gather the evidence of a world now; none if it cannot be asked any more.

        The verdict rests on the events `rests_on`, or else on what the checks of results find.
        """
        if world is None:
            return
        with suppress(HarnessBroken):
            history, refs = world.history(), tuple(rests_on)
            wrong = () if refs else world.violations(history)
            self.evidence = gather(world, history, wrong, refs, full=self.verbose)

    def pytest_bdd_before_scenario(self, scenario: Scenario) -> None:
        self._planned = scenario.steps

    def pytest_bdd_before_step(self) -> None:
        self._began = time.perf_counter()

    def pytest_bdd_after_step(self, step: GherkinStep) -> None:
        self._add(step, StepOutcome.PASSED)

    def pytest_bdd_step_error(self, step: GherkinStep, exception: Exception) -> None:
        self._add(step, StepOutcome.NOT_RUN if isinstance(exception, Untestable) else StepOutcome.FAILED)

    def _add(self, step: GherkinStep, outcome: StepOutcome) -> None:
        self._done.append(Step(step.keyword, step.name, outcome, round(time.perf_counter() - self._began, 6)))
