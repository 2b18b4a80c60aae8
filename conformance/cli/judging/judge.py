"""Judges the subjects of the options, in as many worlds as there are jobs, until all is judged or it must end."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from conformance.cli.judging.display import Display
from conformance.cli.options.subject import SubjectOptions
from conformance.cli.options.subject_arguments import settings_for
from conformance.interruptions import TimeLimit
from conformance.live.cht import LiveChtWorlds
from conformance.reports.report import Report, ScenarioResult
from conformance.reports.run_info import without_secrets
from conformance.requirements.catalogue import Requirement
from conformance.running.parallel.many_worlds import ManyWorlds
from conformance.running.parallel.messages import WorldJob
from conformance.running.runner import end_early, planned, play
from conformance.running.side_by_side import side_by_side
from conformance.running.worlds import Worlds
from conformance.services.processes import FakeProcesses
from conformance.verdicts import Verdict

MOST_JOBS = 12
JOBS_PER_PROCESSOR = 5
"""Over sockets a world needs a processor for about a seventh of its time; the rest is waiting."""

LEAST_SCENARIOS = 5
"""How many scenarios are worth the start of a world over sockets: three processes."""

LEAST_IN_PROCESS = 60
"""How many scenarios are worth the start of a process in which they are played in virtual time, one in some 40 ms."""


def default_jobs(scenarios: int, *, in_process: bool) -> int:
    """As many worlds at a time as make sense on this machine, for so many scenarios."""
    processors = os.cpu_count() or 1
    if in_process:  # it never waits
        return max(min(MOST_JOBS, processors, scenarios // LEAST_IN_PROCESS), 1)
    return max(min(MOST_JOBS, JOBS_PER_PROCESSOR * processors, scenarios // LEAST_SCENARIOS), 1)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a run ends before all is judged: after the first failure, after so many seconds."""

    fail_fast: bool = False
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class RepeatCommand:
    """The command that repeats scenarios. It is sent to other processes."""

    options: SubjectOptions
    name: str
    config: Path | None

    def __call__(self, ids: tuple[str, ...]) -> str:
        config = "" if self.config is None else f"--config {self.config} "
        command = f"relay-harness conform --only {','.join(ids)} {config}{self.options.arguments(self.name)}"
        return str(without_secrets(command))


@dataclass
class Judging:
    """One run of `conform`. `reports` has what was judged when `run` returns, however it ended."""

    options: SubjectOptions
    requirements: tuple[Requirement, ...]
    jobs: int | None
    """How many worlds, or subjects, at a time; None: as many as make sense."""
    limits: Limits
    display: Display
    config: Path | None = None
    scenarios: tuple[str, ...] = ()
    """The names of the only scenarios to judge, if any are given."""
    verbose: bool = False
    reports: list[Report] = field(default_factory=list)

    def run(self) -> None:
        """Judge all subjects. HarnessBroken if one cannot be judged at all."""
        worlds = self.options.worlds_by_subject(self._announce)
        limit = TimeLimit(self.limits.seconds)
        began = time.monotonic()
        try:
            with limit, self.display:
                if len(worlds) == 1:
                    self._judge(worlds[0])
                else:
                    self._side_by_side(worlds)
        except KeyboardInterrupt:
            self._end_early("time limit" if limit.over else "interrupted")
        else:
            if self.limits.fail_fast and any(map(has_failed, self.reports)):
                self._end_early("a scenario failed")
        if len(self.reports) == 1:
            self.reports[0].elapsed = round(time.monotonic() - began, 3)

    def _end_early(self, why: str) -> None:
        entries = planned(self.requirements, self.scenarios)
        for report in self.reports:
            if sum(not result.elsewhere for result in report.results) < len(entries):
                end_early(report, entries, why)

    def _judge(self, worlds: Worlds) -> None:
        """Judge one subject here, or in several processes."""
        report = Report(worlds.describe(), worlds.profile, self.requirements)
        self.reports.append(report)
        if self.options.several_worlds():
            count = len(planned(self.requirements, self.scenarios))
            jobs = min(self.jobs or default_jobs(count, in_process=self.options.in_process()), count)
            if jobs > 1:
                self._in_many_worlds(report, jobs, count)
                return
        self._here(worlds, report)

    def _here(self, worlds: Worlds, report: Report) -> None:
        failed: list[ScenarioResult] = []

        def on_result(result: ScenarioResult) -> None:
            failed.extend([result] if is_bad(result) else [])
            self.display.result(result)

        def order(count: int) -> Iterator[int]:
            self.display.selected(count)
            for position in range(count):
                if failed and self.limits.fail_fast:
                    return
                yield position

        try:
            worlds.begin()
            report.subject = worlds.describe()  # only now does a live CHT say which release it is
            play(
                worlds,
                report,
                scenarios=self.scenarios,
                order=order,
                repeat=self._repeat(report),
                on_result=on_result,
                verbose=self.verbose,
            )
        finally:
            worlds.end()
            if isinstance(worlds, LiveChtWorlds) and worlds.cleanup_failure:
                self.display.warn(worlds.cleanup_failure)

    def _in_many_worlds(self, report: Report, jobs: int, count: int) -> None:
        self.display.selected(count)
        world_jobs = [
            WorldJob(
                partial(self.options.one_of_many, number),
                self.requirements,
                self._repeat(report),
                self.scenarios,
                self.verbose,
            )
            for number in range(jobs)
        ]
        seen: list[ScenarioResult] = []

        def on_result(result: ScenarioResult) -> None:
            seen.append(result)
            self.display.result(result)

        ManyWorlds(
            report,
            world_jobs,
            range(count),
            on_result,
            goes_on=lambda: not (self.limits.fail_fast and any(map(is_bad, seen))),
            note=self.display.note,
            first_alone=not self.options.in_process(),
        ).run()

    def _repeat(self, report: Report) -> RepeatCommand:
        return RepeatCommand(self.options, str(report.subject["name"]), self.config)

    def _side_by_side(self, worlds: list[Worlds]) -> None:
        """Judge built-in subjects at the same time; each has its report from the beginning, in case of an early end."""
        self.display.selected(len(worlds))
        self.reports.extend(Report(one.describe(), one.profile, self.requirements) for one in worlds)

        def on_report(report: Report) -> None:
            names = [one.subject["name"] for one in self.reports]
            self.reports[names.index(report.subject["name"])] = report
            self.display.report(report)

        jobs = [
            SubjectJob(one, self.requirements, self.limits.fail_fast, self.scenarios, self.verbose)
            for one in self.options.one_by_one()
        ]
        side_by_side(SubjectJob.judge, jobs, on_report, self.jobs)

    def _announce(self, services: FakeProcesses) -> None:
        """Tell where a relay that runs already must look."""
        if self.options.runs_already():
            self.display.note(settings_for(services, self.options.url))


@dataclass(frozen=True, slots=True)
class SubjectJob:
    """One built-in subject to judge, as it is sent to another process."""

    options: SubjectOptions
    requirements: tuple[Requirement, ...]
    fail_fast: bool
    scenarios: tuple[str, ...]
    verbose: bool

    def judge(self) -> Report:
        """Judge it, without showing anything."""
        judging = Judging(self.options, self.requirements, 1, Limits(self.fail_fast), Display(quiet=True))
        judging.scenarios, judging.verbose = self.scenarios, self.verbose
        judging.run()
        return judging.reports[0]


def is_bad(result: ScenarioResult) -> bool:
    """Whether a scenario failed or broke."""
    return result.verdict in (Verdict.FAILED, Verdict.BROKEN)


def has_failed(report: Report) -> bool:
    """Whether a scenario of the report failed or broke."""
    return any(map(is_bad, report.results))
